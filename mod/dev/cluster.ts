/**
 * A development cluster as bring-up wants it: a dev driver, a Consul client and an address for
 * each host, and the programs behind its units.
 *
 * @module
 */

import {
  type Facts,
  type Generated,
  type HostLayout,
  type Target,
  TARGETS,
} from "../../cfgen/mod.ts";
import type { Cluster, ClusterHost } from "../bringup/cluster.ts";
import type { Gate } from "../bringup/gate.ts";
import { GatedHost } from "../bringup/gated_host.ts";
import { KnownDevices } from "../bringup/storage.ts";
import { DEFAULT_METRICS, RC_LOCK_FILE } from "../rc/mod.ts";
import {
  CONSUL_CONFIG_DIRECTORY,
  CONSUL_UNIT,
  HAX_SOCKET,
  HAX_UNIT,
  RC_UNIT,
} from "../host/places.ts";
import { Consul } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Run } from "../lib/process.ts";
import { formatFid } from "../lib/fid.ts";
import { uuidOf } from "../lib/uuid.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import { hostPart } from "./facts.ts";
import { DevHost, type DevUnit } from "./host.ts";
import { argumentsOf, commandIn, environmentOf, type MotrPrograms } from "./real_mero.ts";
import type { DevState, DevStateHost } from "./state.ts";

/** Consul's HTTP port. */
export const CONSUL_PORT = 8500;
/** hax's HTTP port. */
export const HAX_PORT = 8008;

/** Exit status of an agent that was told to stop. */
const CONSUL_STOPPED = 1;
/** Motr's programs take their time to stop, and one without hax never does. */
const MOTR_STOP_LIMIT_MS = 40_000;

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

/** What a host's configuration says of it; only what is started needs it. */
export interface DevLayout {
  readonly layout: HostLayout;
  /** UUID of the node. */
  readonly nodeId: string;
}

/** The host's driver. */
export function driverOf(
  host: DevStateHost,
  state: DevState,
  world: DevWorld,
  made?: DevLayout,
): DevHost {
  const driver: DevHost = new DevHost({
    name: host.name,
    cluster: state,
    unit: (name) => unitOf(name, host, state, driver, world, made),
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

/**
 * The cluster for bring-up's phases.
 *
 * @param mkfs which storage is formatted
 */
export async function clusterOf(
  state: DevState,
  { generated, facts }: { readonly generated: Generated; readonly facts: Facts },
  gate: Gate,
  world: DevWorld,
  mkfs: MkfsPolicy = "never",
): Promise<Cluster> {
  const servers = state.hosts.filter(({ isServer }) => isServer).map(({ address }) => address);
  const making = generated.cluster.hosts.map(async (layout): Promise<ClusterHost> => {
    const host = state.hosts.find(({ name }) => name === hostPart(layout.name));
    if (host === undefined) throw new TypeError(`${layout.name} is not in the cluster's state`);
    const nodeId = await uuidOf(`${world.dir} ${layout.node}`);
    return {
      name: host.name,
      layout,
      host: new GatedHost(driverOf(host, state, world, { layout, nodeId }), gate),
      agent: {
        nodeName: layout.node,
        nodeId,
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
    hareProgram: world.hare,
    devices: new KnownDevices(),
    mkfs,
    force: false,
    gate,
    clock: world.clock,
  };
}

/** The program behind a unit. */
function unitOf(
  name: string,
  host: DevStateHost,
  state: DevState,
  driver: DevHost,
  { hare, consul }: DevWorld,
  made: DevLayout | undefined,
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
      const agent = service(consul, "agent", `-config-dir=${directory}`);
      return { ...agent, successStatus: CONSUL_STOPPED };
    }
    case HAX_UNIT: {
      const hax = [
        ...[hare, "hax", "--listen", `${host.address}:${HAX_PORT}`],
        ...["--socket", driver.programPath(HAX_SOCKET)],
      ] as const;
      if (state.motr === null) return service(...hax, "--no-halink");
      const trace = { M0_TRACE_DIR: driver.programPath("/var/lib/hare") };
      const unit = service(...hax, "--libmotr", state.motr.libmotr);
      return { ...unit, env: { ...env, ...trace }, stopLimitMs: MOTR_STOP_LIMIT_MS };
    }
    case RC_UNIT:
      return host.isServer
        ? service(
          ...[hare, "rc", "--metrics", `${host.address}:${DEFAULT_METRICS.port}`] as const,
          ...["--lock", driver.programPath(RC_LOCK_FILE)],
        )
        : undefined;
  }
  const target = TARGETS[state.target];
  for (const fid of host.servers) {
    const isServer = name === target.units.server(fid);
    if (!isServer && name !== target.units.mkfs(fid)) continue;
    const directory = driver.programPath(`${target.dataDirectory}/m0d-${fid}`);
    const real = made && argumentsIn(isServer, fid, driver, state, made);
    if (state.motr !== null) return real && realUnit(isServer, directory, state.motr, real);
    const standIn = service(
      ...[hare, "dev", "stand-in", isServer ? "m0d" : "mkfs"] as const,
      ...["--process-file", driver.programPath(target.processFile(fid))],
      ...["--target", target.name],
      ...["--data-dir", directory],
      ...["--hax", driver.programPath(HAX_SOCKET)],
      // The units of a Mero of 2019 read the per-process file alone.
      ...(state.target === "motr" ? ["--", ...real ?? []] : []),
    );
    return { ...standIn, oneshot: !isServer };
  }
  return undefined;
}

/** The arguments of a server's program, or of its mkfs's. */
function argumentsIn(
  isServer: boolean,
  fid: string,
  driver: DevHost,
  { target }: DevState,
  { layout, nodeId }: DevLayout,
): readonly string[] | undefined {
  const process = layout.processes.find((process) => formatFid(process.fid) === fid);
  return process && argumentsOf(isServer ? "m0d" : "m0mkfs", process, {
    target: TARGETS[target],
    host: layout,
    nodeUuid: nodeId,
    confdFile: driver.programPath(TARGETS[target].confdFile),
  });
}

/** Real Motr's server, or its mkfs. */
function realUnit(
  isServer: boolean,
  directory: string,
  programs: MotrPrograms,
  args: readonly string[],
): DevUnit {
  return {
    argv: commandIn(directory, programs[isServer ? "m0d" : "m0mkfs"], args),
    env: environmentOf(programs),
    oneshot: !isServer,
    stopLimitMs: MOTR_STOP_LIMIT_MS,
  };
}
