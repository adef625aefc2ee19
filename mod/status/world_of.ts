/**
 * Consul's answers put together: which check belongs to which process, which node is alive. Pure.
 *
 * @module
 */

import { nodeKey } from "../lib/node_name.ts";
import { serviceNames } from "../agent/services.ts";
import type {
  CatalogNode,
  HealthCheck,
  KvEntry,
  Member,
  RaftServer,
  SessionInfo,
} from "../consul/mod.ts";
import { type ConfProcess, layoutOf, roleOf } from "../kv/cluster.ts";
import { KvValueError } from "../kv/errors.ts";
import { processKey } from "../kv/keys.ts";
import { parsePools } from "../kv/pools.ts";
import { parseProcessState } from "../kv/process_state.ts";
import { formatFid } from "../lib/fid.ts";
import type { CheckView, NodeView, ProcessView, World } from "./world.ts";

/** What Consul answered. */
export interface Answers {
  /** The agent that was asked. */
  readonly address: string;
  readonly hasLeader: boolean;
  readonly members: readonly Member[];
  readonly servers: readonly RaftServer[];
  readonly catalog: readonly Pick<CatalogNode, "name">[];
  readonly checks: readonly HealthCheck[];
  /** Key `leader`. */
  readonly leader: KvEntry | null;
  /** The session that holds it, if it is there. */
  readonly session: Pick<SessionInfo, "node"> | null;
  /** Keys `node/…`. */
  readonly configuration: readonly KvEntry[];
  /** Keys `processes/…`. */
  readonly states: readonly KvEntry[];
  /** Key `hare/pools`. */
  readonly pools: KvEntry | null;
}

/** Name of the service that every instance of the RC registers. */
const RC_SERVICE = "hare-rc";

/** Consul's own check of a node. */
const NODE_CHECK = "serfHealth";
/** The check that a node has while it is in maintenance mode (`consul maint -enable`). */
const NODE_MAINTENANCE = "_node_maintenance";
/** The same of a service, before its id. */
const SERVICE_MAINTENANCE = "_service_maintenance:";

/** Combines the answers. */
export function worldOf(asAnswered: Answers): World {
  const { processes, unreadable: faults = [] } = layoutOf(asAnswered.configuration);
  const answers = spelledAlike(asAnswered, processes);
  const { address, hasLeader, leader, session, pools } = answers;
  const nodes = nodesOf(answers, processes);
  const unreadable = faults.map(({ error }) => error.message);
  return {
    consul: {
      address,
      hasLeader,
      servers: answers.servers.map((server) => ({
        node: server.node,
        leads: server.leader,
        votes: server.voter,
      })),
    },
    rc: {
      leader: leader === null || leader.session === null ? null : session?.node ?? leader.value,
      sessionOk: session !== null,
      keySays: session === null || session.node === leader?.value ? null : leader?.value ?? null,
      running: runningRcs(answers, nodes),
    },
    nodes,
    processes: processesOf(answers, processes, unreadable),
    pools: pools && readOrNote(pools, parsePools, unreadable),
    unreadable,
  };
}

/** The answers, with each node's name as the configuration spells it: Consul ignores case. */
function spelledAlike(answers: Answers, processes: readonly ConfProcess[]): Answers {
  const spellings = new Map(processes.map(({ node }) => [nodeKey(node), node]));
  const spelled = (name: string) => spellings.get(nodeKey(name)) ?? name;
  const withNode = <T extends { readonly node: string }>(one: T): T => ({
    ...one,
    node: spelled(one.node),
  });
  const withName = <T extends { readonly name: string }>(one: T): T => ({
    ...one,
    name: spelled(one.name),
  });
  const { servers, members, catalog, checks, leader, session } = answers;
  return {
    ...answers,
    servers: servers.map(withNode),
    members: members.map(withName),
    catalog: catalog.map(withName),
    checks: checks.map(withNode),
    leader: leader === null ? null : { ...leader, value: spelled(leader.value) },
    session: session === null ? null : withNode(session),
  };
}

function nodesOf(answers: Answers, processes: readonly ConfProcess[]): readonly NodeView[] {
  const catalog = new Set(answers.catalog.map(({ name }) => name));
  const failed = failedNodes(answers);
  const names = new Set([...catalog, ...processes.map(({ node }) => node)]);
  return [...names].toSorted(byName).map((name) => ({
    name,
    presence: !catalog.has(name) ? "absent" : failed.has(name) ? "failed" : "alive",
    troubles: answers.checks.filter((check) => check.node === name).flatMap(troubleOf),
  }));
}

/** The effect of a check of the node on its services. */
function troubleOf(check: HealthCheck): readonly string[] {
  const { checkId, name, notes, output, serviceId, status } = check;
  if (serviceId !== "" || checkId === NODE_CHECK || status === "passing") return [];
  return [
    checkId === NODE_MAINTENANCE
      ? `is in Consul's maintenance mode${inBrackets(notes)}`
      : `has a check that is ${status}: ${name || checkId}${inBrackets(output)}`,
  ];
}

function inBrackets(text: string): string {
  return text === "" ? "" : ` (${text})`;
}

/** The leader keeps the catalog; without one the asked agent's own ears are the fresher source. */
function failedNodes({ hasLeader, checks, members }: Answers): ReadonlySet<string> {
  return new Set(
    hasLeader
      ? checks
        .filter(({ checkId, status }) => checkId === NODE_CHECK && status !== "passing")
        .map(({ node }) => node)
      : members.filter(({ status }) => status !== "alive").map(({ name }) => name),
  );
}

/** A failed node's last words do not count. */
function runningRcs({ checks }: Answers, nodes: readonly NodeView[]): readonly string[] {
  const passing = new Set(
    checks
      .filter(({ serviceName, status }) => serviceName === RC_SERVICE && status === "passing")
      .map(({ node }) => node),
  );
  return nodes
    .filter(({ name, presence }) => presence === "alive" && passing.has(name))
    .map(({ name }) => name);
}

function processesOf(
  { states, checks }: Answers,
  processes: readonly ConfProcess[],
  unreadable: string[],
): readonly ProcessView[] {
  const stateByKey = new Map(states.map((entry) => [entry.key, entry]));
  const checksByService = Map.groupBy(
    checks,
    (check) => `${check.node}/${check.serviceName}/${check.serviceId}`,
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
      checks: serviceNames(process).map((service) => checkOf(process, service, checksByService)),
    };
  });
}

/** A service's ID is the process's fid, whole or as its bare key. */
function checkOf(
  { node, fidk, fid }: ConfProcess,
  service: string,
  checks: ReadonlyMap<string, readonly HealthCheck[]>,
): CheckView {
  const all = checks.get(`${node}/${service}/${fidk}`) ??
    checks.get(`${node}/${service}/${formatFid(fid)}`) ?? [];
  const [worst] = all.toSorted((a, b) => SEVERITY[b.status] - SEVERITY[a.status]);
  if (worst === undefined) return { service, status: "absent", output: "" };
  const maintenance = all.find(({ checkId }) => checkId.startsWith(SERVICE_MAINTENANCE));
  const output = maintenance === undefined
    ? worst.output
    : `in Consul's maintenance mode${inBrackets(maintenance.notes)}`;
  return { service, status: worst.status, output };
}

const SEVERITY = { passing: 0, warning: 1, critical: 2 } as const;

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
