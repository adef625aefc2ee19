/**
 * What serves and what does not, counted: what a judgement of the cluster rests on.
 *
 * @module
 */

import { lossOf, type PoolLoss } from "./pool_loss.ts";
import type { NodeView, ProcessView, World } from "./world.ts";

/** What serves and what does not. */
export interface Tallies {
  /** Processes that should serve and do not, each with why. */
  readonly idle: ReadonlyMap<ProcessView, string>;
  readonly confds: Tally;
  readonly ios: Tally;
  /** How many confds must serve. */
  readonly quorum: number;
  /** In the order of the world's pools. */
  readonly pools: readonly PoolLoss[];
}

/** How many of a kind there are, and how many serve. */
export interface Tally {
  readonly all: number;
  readonly serving: number;
}

/** Counts. */
export function tallyOf(world: World): Tallies {
  const nodes = new Map(world.nodes.map((node) => [node.name, node]));
  const idle = new Map<ProcessView, string>();
  for (const process of world.processes) {
    const why = whyIdle(process, nodes.get(process.node));
    if (why !== null) idle.set(process, why);
  }
  const confds = countServing("confd", world, idle);
  return {
    idle,
    confds,
    ios: countServing("ios", world, idle),
    quorum: Math.floor(confds.all / 2) + 1,
    pools: lossesOf(world, idle),
  };
}

/** Why a process does not serve; `null` when it does, or need not: clients come and go. */
function whyIdle(process: ProcessView, node: NodeView | undefined): string | null {
  if (process.role === "client") return null;
  if (node?.presence !== "alive") return `its node is ${node?.presence ?? "absent"}`;
  const whys = nodeTroubles(node);
  if (process.role !== "hax" && process.record?.state !== "STARTED") {
    whys.push(process.record === null ? "no state is known" : process.record.state);
  }
  for (const { service, status, output } of process.checks) {
    if (status === "absent") whys.push(`service ${service} is not registered`);
    else if (status !== "passing") whys.push(`check of ${service} ${status}${said(output)}`);
  }
  return whys.length === 0 ? null : whys.join("; ");
}

/** Why none of a live node's processes serves. */
export function nodeTroubles({ troubles }: Pick<NodeView, "troubles">): string[] {
  return troubles.map((trouble) => `its node ${trouble}`);
}

/** What hax said, on one line. */
function said(output: string): string {
  const text = output.replaceAll(/\s+/g, " ").trim();
  return text === "" ? "" : ` (${text})`;
}

/** Processes that run a service of this type; one may run several. */
function countServing(type: string, world: World, idle: Tallies["idle"]): Tally {
  const processes = world.processes.filter(({ types }) => types.includes(type));
  return {
    all: processes.length,
    serving: processes.filter((process) => !idle.has(process)).length,
  };
}

function lossesOf(world: World, idle: Tallies["idle"]): readonly PoolLoss[] {
  const byKey = new Map(world.processes.map((process) => [Number(process.fid.key), process]));
  const serves = (fidk: number) => {
    const process = byKey.get(fidk);
    return process !== undefined && !idle.has(process);
  };
  return (world.pools ?? []).map((pool) =>
    lossOf(pool, (fidk) => byKey.get(fidk)?.node ?? "", serves)
  );
}
