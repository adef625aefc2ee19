/**
 * A cluster of real hosts as the phases want it.
 *
 * @module
 */

import { type Generated, type HostLayout, TARGETS } from "../../cfgen/mod.ts";
import type { HaxAddress } from "../agent/services.ts";
import type { Consul } from "../consul/mod.ts";
import type { Host } from "../host/host.ts";
import { isThisHost } from "../host/local.ts";
import { CONSUL_DATA_DIRECTORY, HARE_PROGRAM } from "../host/places.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import { uuidOf } from "../lib/uuid.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import type { Cluster, ClusterHost } from "./cluster.ts";
import type { Gate } from "./gate.ts";
import { GatedHost } from "./gated_host.ts";
import type { SavedCluster } from "./saved.ts";
import { KnownDevices } from "./storage.ts";

/** What this host gives to an operation on the cluster. */
export interface OperationWorld {
  /** This host's name, as the system gives it. */
  readonly hostname: string;
  /** A client of this host's Consul agent. */
  readonly consul: Consul;
  readonly clock: Clock;
  /** The driver of a host, by its name in the CDF. */
  readonly driverOf: (destination: string) => Host;
  /** Runs programs on a host, by its name in the CDF, as root. */
  readonly runOn: (destination: string) => Run;
}

/** What the cluster is to be. */
export interface RealClusterOptions {
  readonly generated: Generated;
  readonly saved: SavedCluster;
  readonly mkfs: MkfsPolicy;
  /** See {@linkcode Cluster}. {@default false} */
  readonly force?: boolean | undefined;
  readonly gate: Gate;
}

/** hax and Consul's HTTP answer their own host only. */
const LOCAL = "127.0.0.1";

/** Where hax answers on a real host. */
export const HAX_HTTP: HaxAddress = { address: LOCAL, port: 8008 };

/**
 * Joins the configuration with the drivers.
 *
 * @throws {HareError} when this host is none of the cluster
 */
export async function realCluster(
  { generated, saved, mkfs, force = false, gate }: RealClusterOptions,
  world: OperationWorld,
): Promise<Cluster> {
  const layouts = generated.cluster.hosts;
  const servers = layouts.filter(({ isServer }) => isServer);
  const making = layouts.map(async (layout): Promise<ClusterHost> => ({
    name: layout.name.slice(layout.name.lastIndexOf("@") + 1),
    layout,
    host: new GatedHost(world.driverOf(layout.name), gate),
    agent: {
      nodeName: layout.node,
      nodeId: await uuidOf(layout.node),
      bindAddress: layout.ip,
      clientAddress: LOCAL,
      dataDir: CONSUL_DATA_DIRECTORY,
      datacenter: "dc1",
      servers: servers.map(({ ip }) => ip),
      mode: layout.isServer ? "server" : "client",
    },
    hax: HAX_HTTP,
  }));
  const hosts = await Promise.all(making);
  const own = hosts.find(({ layout }) => isThisHost(layout.name, world.hostname));
  if (own === undefined) {
    throw new HareError(`this host, ${world.hostname}, is none of the cluster`, {
      hint: `its hosts are ${hosts.map(({ name }) => name).join(", ")}`,
    });
  }
  return {
    hosts,
    own,
    target: TARGETS[saved.target],
    generated,
    saved,
    consul: world.consul,
    consulProgram: "consul",
    hareProgram: HARE_PROGRAM,
    devices: new KnownDevices(),
    mkfs,
    force,
    gate,
    clock: world.clock,
  };
}

/**
 * Refuses a host from which the cluster is not to be operated: Consul can be asked early on its
 * servers only, and they keep what the cluster was made from.
 *
 * @param hosts the cluster's
 * @param hostname this machine's name, as the system gives it
 * @throws {HareError} unless this host runs a confd
 */
export function assertOnServer(
  hosts: readonly Pick<HostLayout, "name" | "isServer">[],
  hostname: string,
): void {
  const servers = hosts.filter(({ isServer }) => isServer).map(({ name }) => name);
  if (servers.some((name) => isThisHost(name, hostname))) return;
  throw new HareError(`this host, ${hostname}, is no server node of the cluster`, {
    hint: `run it on one of ${servers.join(", ")}`,
  });
}
