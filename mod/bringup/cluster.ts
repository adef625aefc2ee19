/**
 * The cluster that is being brought up: cfgen's layout joined with a driver and a Consul client
 * for each host.
 *
 * @module
 */

import type { Generated, HostLayout, ProcessLayout, Target } from "../../cfgen/mod.ts";
import type { AgentParams } from "../agent/agent_config.ts";
import type { HaxAddress } from "../agent/services.ts";
import type { Consul } from "../consul/mod.ts";
import type { Host } from "../host/host.ts";
import type { Clock } from "../lib/clock.ts";

/** One host of the cluster. */
export interface ClusterHost {
  /** Host's name in the CDF, without the user. */
  readonly name: string;
  readonly layout: HostLayout;
  readonly host: Host;
  /** A client of the host's own Consul agent. */
  readonly consul: Consul;
  /** What that agent is to be. */
  readonly agent: AgentParams;
  /** Where the host's hax answers. */
  readonly hax: HaxAddress;
}

/** The whole cluster. */
export interface Cluster {
  /** In the order of the CDF. */
  readonly hosts: readonly ClusterHost[];
  readonly target: Target;
  readonly generated: Generated;
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

/** The client through which questions about the whole cluster are asked: the first server's. */
export function consulOf(cluster: Cluster): Consul {
  const [first] = serversOf(cluster);
  if (first === undefined) throw new TypeError("a cluster without a confd passed cfgen's rules");
  return first.consul;
}

/** The processes of a host that bring-up starts, of one role. */
export function processesOf(host: ClusterHost, role: "confd" | "ios"): readonly ProcessLayout[] {
  return host.layout.processes.filter((process) => process.role === role);
}
