/**
 * A development cluster as bring-up wants it: a dev driver, a Consul client and an address for
 * each host, and the programs behind its units.
 *
 * @module
 */

import { type Facts, type Generated, type Target, TARGETS } from "../../cfgen/mod.ts";
import type { Cluster, ClusterHost } from "../bringup/cluster.ts";
import type { Gate } from "../bringup/gate.ts";
import { GatedHost } from "../bringup/gated_host.ts";
import { DEFAULT_METRICS } from "../rc/mod.ts";
import { CONSUL_CONFIG_DIRECTORY, CONSUL_UNIT, HAX_UNIT, RC_UNIT } from "../host/places.ts";
import { Consul } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Run } from "../lib/process.ts";
import { uuidOf } from "../lib/uuid.ts";
import { hostPart } from "./facts.ts";
import { DevHost, type DevUnit } from "./host.ts";
import type { DevState, DevStateHost } from "./state.ts";

/** Consul's HTTP port. */
export const CONSUL_PORT = 8500;
/** hax's HTTP port. */
export const HAX_PORT = 8008;

/** What all hosts of a development cluster have in common. */
export interface DevWorld {
  /** The cluster's directory, absolute. */
  readonly dir: string;
  /** Path of this program. */
  readonly hare: string;
  /** Path of Consul's program; only what is started needs it. */
  readonly consul: string;
  readonly run: Run;
  readonly clock: Clock;
}

/** The host's driver. */
export function driverOf(host: DevStateHost, state: DevState, world: DevWorld): DevHost {
  const driver: DevHost = new DevHost({
    name: host.name,
    dir: world.dir,
    unit: (name) => unitOf(name, host, TARGETS[state.target], driver, world),
    run: world.run,
    clock: world.clock,
  });
  return driver;
}

/** Names of the units that a host is to run, in the order in which they are started. */
export function unitsOf(host: DevStateHost, target: Target): readonly string[] {
  return [
    CONSUL_UNIT,
    HAX_UNIT,
    ...(host.isServer ? [RC_UNIT] : []),
    ...host.servers.map((fid) => target.units.server(fid)),
  ];
}

/** The cluster for bring-up's phases. */
export async function clusterOf(
  state: DevState,
  { generated, facts }: { readonly generated: Generated; readonly facts: Facts },
  gate: Gate,
  world: DevWorld,
): Promise<Cluster> {
  const servers = state.hosts.filter(({ isServer }) => isServer).map(({ address }) => address);
  const making = generated.cluster.hosts.map(async (layout): Promise<ClusterHost> => {
    const host = state.hosts.find(({ name }) => name === hostPart(layout.name));
    if (host === undefined) throw new TypeError(`${layout.name} is not in the cluster's state`);
    return {
      name: host.name,
      layout,
      host: new GatedHost(driverOf(host, state, world), gate),
      agent: {
        nodeName: layout.node,
        nodeId: await uuidOf(`${world.dir} ${layout.node}`),
        bindAddress: host.address,
        clientAddress: host.address,
        dataDir: "/var/lib/hare/consul",
        datacenter: "dc1",
        servers,
        mode: layout.isServer ? "server" : "client",
      },
      hax: { address: host.address, port: HAX_PORT },
    };
  });
  const hosts = await Promise.all(making);
  const own = hosts.find(({ layout }) => layout.isServer);
  if (own === undefined) throw new TypeError("a cluster without a confd passed cfgen's rules");
  return {
    hosts,
    own,
    target: TARGETS[state.target],
    generated,
    saved: { cdf: state.cdf, target: state.target, facts },
    consul: new Consul({ address: `http://${own.hax.address}:${CONSUL_PORT}`, clock: world.clock }),
    consulProgram: world.consul,
    mkfs: "new",
    force: false,
    gate,
    clock: world.clock,
  };
}

/** The program behind a unit. */
function unitOf(
  name: string,
  host: DevStateHost,
  target: Target,
  driver: DevHost,
  { hare, consul }: DevWorld,
): DevUnit | undefined {
  const env = { CONSUL_HTTP_ADDR: `http://${host.address}:${CONSUL_PORT}` };
  const service = (...argv: readonly [string, ...string[]]): DevUnit => ({
    argv,
    env,
    oneshot: false,
  });
  switch (name) {
    case CONSUL_UNIT: {
      const directory = driver.programPath(CONSUL_CONFIG_DIRECTORY);
      return service(consul, "agent", `-config-dir=${directory}`);
    }
    case HAX_UNIT:
      return service(hare, "hax", "--listen", `${host.address}:${HAX_PORT}`);
    case RC_UNIT:
      return host.isServer
        ? service(hare, "rc", "--metrics", `${host.address}:${DEFAULT_METRICS.port}`)
        : undefined;
  }
  for (const fid of host.servers) {
    const standIn = (role: "m0d" | "mkfs") =>
      service(
        ...[hare, "dev", "stand-in", role] as const,
        ...["--process-file", driver.programPath(target.processFile(fid))],
        ...["--prefix", target.variablePrefix],
        ...["--data-dir", driver.programPath(`${target.dataDirectory}/m0d-${fid}`)],
        ...["--hax", `http://${host.address}:${HAX_PORT}`],
      );
    if (name === target.units.server(fid)) return standIn("m0d");
    if (name === target.units.mkfs(fid)) return { ...standIn("mkfs"), oneshot: true };
  }
  return undefined;
}
