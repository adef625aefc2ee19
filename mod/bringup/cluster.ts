/**
 * The cluster that is being brought up: cfgen's layout joined with a driver for each host, and the
 * Consul agent through which all questions about the whole cluster go.
 *
 * @module
 */

import type { Generated, HostLayout, ProcessLayout, Target } from "../../cfgen/mod.ts";
import type { AgentParams } from "../agent/agent_config.ts";
import type { HaxAddress } from "../agent/services.ts";
import type { Consul } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Gate } from "./gate.ts";
import type { GatedHost } from "./gated_host.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import type { SavedCluster } from "./saved.ts";
import type { KnownDevices } from "./storage.ts";

/** One host of the cluster. */
export interface ClusterHost {
  /** Host's name in the CDF, without the user. */
  readonly name: string;
  readonly layout: HostLayout;
  readonly host: GatedHost;
  /** What its Consul agent is to be. */
  readonly agent: Omit<AgentParams, "start">;
  /** Where its Consul agent asks its hax. */
  readonly hax: HaxAddress;
}

/** The whole cluster. */
export interface Cluster {
  /** In the order of the CDF. */
  readonly hosts: readonly ClusterHost[];
  readonly target: Target;
  readonly generated: Generated;
  /** What it was made from. */
  readonly saved: SavedCluster;
  /** The server whose agent is asked about the cluster: this host, or a development cluster's first. */
  readonly own: ClusterHost;
  /** A client of that agent. */
  readonly consul: Consul;
  /** Consul's program on every host. */
  readonly consulProgram: string;
  /** Hare's program on every host. */
  readonly hareProgram: string;
  readonly mkfs: MkfsPolicy;
  /** The known devices of the hosts. */
  readonly devices: KnownDevices;
  /** A cluster of another configuration that is in the KV, and does not run, gives way. */
  readonly force: boolean;
  readonly gate: Gate;
  readonly clock: Clock;
}

/** The hosts that run a confd, and so a Consul server and an RC. */
export function serversOf(cluster: Cluster): readonly ClusterHost[] {
  return cluster.hosts.filter(({ layout }) => layout.isServer);
}

/** The hosts that run none. */
export function clientsOf(cluster: Cluster): readonly ClusterHost[] {
  return cluster.hosts.filter(({ layout }) => !layout.isServer);
}

/** The processes of a host that bring-up starts, of one role. */
export function processesOf(host: ClusterHost, role: "confd" | "ios"): readonly ProcessLayout[] {
  return host.layout.processes.filter((process) => process.role === role);
}
