/**
 * Reading the world: every question to Consul once, all together.
 *
 * @module
 */

import type { Consul, HealthCheck, KvEntry, ReadOptions } from "../consul/mod.ts";
import { type ConfProcess, layoutOf, roleOf } from "../kv/cluster.ts";
import { KvValueError } from "../kv/errors.ts";
import { LEADER, NODE_PREFIX, PROCESSES_PREFIX, processKey } from "../kv/keys.ts";
import { parsePools, POOLS } from "../kv/pools.ts";
import { parseProcessState } from "../kv/process_state.ts";
import { formatFid } from "../lib/fid.ts";
import type { CheckView, NodeView, ProcessView, World } from "./world.ts";

/**
 * Reads the state of the cluster. Without a Consul leader it is read from whichever server answers.
 *
 * @throws {ConsulError} when Consul cannot be asked
 * @throws {KvValueError} when the configuration in KV makes no sense
 */
export async function readWorld(consul: Consul, signal: AbortSignal): Promise<World> {
  const hasLeader = await consul.status.leader({ signal }) !== null;
  const options: ReadOptions = { signal, stale: !hasLeader };
  const [servers, catalog, checks, leader, conf, states, pools] = await Promise.all([
    consul.operator.raftConfiguration(options),
    consul.catalog.nodes(options),
    consul.health.state("any", options),
    consul.kv.get(LEADER, options),
    consul.kv.list(NODE_PREFIX, options),
    consul.kv.list(PROCESSES_PREFIX, options),
    consul.kv.get(POOLS, options),
  ]);
  const session = leader?.session ?? null;
  const sessionOk = session !== null && await consul.session.info(session, options) !== null;
  const unreadable: string[] = [];
  const { processes } = layoutOf(conf);
  return {
    consul: {
      address: consul.address,
      hasLeader,
      servers: servers.map(({ node, leader, voter }) => ({ node, leads: leader, votes: voter })),
    },
    rc: {
      leader: session === null ? null : leader?.value ?? null,
      sessionOk,
      running: checks
        .filter((check) => check.serviceName === RC_SERVICE && check.status === "passing")
        .map((check) => check.node)
        .toSorted(),
    },
    nodes: nodesOf(processes, catalog.map(({ name }) => name), checks),
    processes: processesOf(processes, states, checks, unreadable),
    pools: pools && readOrNote(pools, parsePools, unreadable),
    unreadable,
  };
}

/** Name of the service that every instance of the RC registers. */
const RC_SERVICE = "hare-rc";

/** Consul's own check of a node. */
const NODE_CHECK = "serfHealth";

function nodesOf(
  processes: readonly ConfProcess[],
  catalog: readonly string[],
  checks: readonly HealthCheck[],
): readonly NodeView[] {
  const failed = new Set(
    checks
      .filter(({ checkId, status }) => checkId === NODE_CHECK && status !== "passing")
      .map(({ node }) => node),
  );
  const known = new Set(catalog);
  const names = new Set([...catalog, ...processes.map(({ node }) => node)]);
  return [...names].toSorted(byName).map((name) => ({
    name,
    presence: !known.has(name) ? "absent" : failed.has(name) ? "failed" : "alive",
  }));
}

function processesOf(
  processes: readonly ConfProcess[],
  states: readonly KvEntry[],
  checks: readonly HealthCheck[],
  unreadable: string[],
): readonly ProcessView[] {
  const stateByKey = new Map(states.map((entry) => [entry.key, entry]));
  const checkByService = new Map(
    checks.map((check) => [`${check.node}/${check.serviceName}/${check.serviceId}`, check]),
  );
  return processes.map((process): ProcessView => {
    const entry = stateByKey.get(processKey(process.fid));
    return {
      node: process.node,
      fid: process.fid,
      role: roleOf(process),
      types: process.types,
      endpoint: process.endpoint,
      record: entry === undefined ? null : readOrNote(entry, parseProcessState, unreadable),
      checks: servicesOf(process).map((service) => checkOf(process, service, checkByService)),
    };
  });
}

/** Names of the Consul services that a process should have. */
function servicesOf({ types }: ConfProcess): readonly string[] {
  if (types.includes("ha")) return ["hax"];
  return ["confd", "ios"].filter((service) => types.includes(service));
}

/** A service's ID is the process's fid, whole or as its bare key. */
function checkOf(
  { node, fidk, fid }: ConfProcess,
  service: string,
  checks: ReadonlyMap<string, HealthCheck>,
): CheckView {
  const check = checks.get(`${node}/${service}/${fidk}`) ??
    checks.get(`${node}/${service}/${formatFid(fid)}`);
  return { service, status: check?.status ?? "absent", output: check?.output ?? "" };
}

function readOrNote<T>(
  entry: KvEntry,
  parse: (entry: KvEntry) => T,
  unreadable: string[],
): T | null {
  try {
    return parse(entry);
  } catch (error) {
    if (!(error instanceof KvValueError)) throw error;
    unreadable.push(error.message);
    return null;
  }
}

const collator = new Intl.Collator("en", { numeric: true });

/** As people count: `ssc-vm2` before `ssc-vm10`. */
function byName(one: string, other: string): number {
  return collator.compare(one, other);
}
