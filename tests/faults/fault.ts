/**
 * A fault: it is made, lasts until leadership has moved, and is mended.
 *
 * @module
 */

import { type FaultNode, leaderOf, raftLeaderOf } from "./leadership.ts";

/** A fault of nodes of some kind. */
export interface Fault<N extends FaultNode> {
  /** How often it is made, beside the others: those that are over soon more often. */
  readonly weight: number;
  readonly hits: "the leader" | "Raft's leader";
  /** Whether the node's Consul server is away meanwhile. */
  readonly takesServer: boolean;
  strike(node: N): Promise<unknown> | void;
  mend(node: N): Promise<unknown> | void;
}

/** Makes a fault and mends it; returns after how many milliseconds another led. */
export async function makeFault<N extends FaultNode>(
  nodes: readonly N[],
  fault: Fault<N>,
): Promise<number> {
  const leader = await leaderOf(nodes);
  const node = fault.hits === "the leader" ? leader.node : await raftLeaderOf(nodes);
  // Who is away does not answer.
  const asked = fault.takesServer ? nodes.filter((other) => other !== node) : nodes;
  const began = performance.now();
  const moved = fault.hits === "the leader" ? leaderOf(asked, leader.session) : raftLeaderOf(asked);
  const [ms] = await Promise.all([
    moved.then(() => performance.now() - began),
    fault.strike(node),
  ]);
  await fault.mend(node);
  return ms;
}

/** Picks a fault's name at random, by the weights. */
export function pick<F extends string>(
  faults: Readonly<Record<F, { readonly weight: number }>>,
  random: () => number,
): F {
  const names = Object.keys(faults) as F[];
  let left = random() * names.reduce((sum, name) => sum + faults[name].weight, 0);
  const picked = names.find((name) => (left -= faults[name].weight) < 0);
  if (picked === undefined) throw new Error("there are no faults");
  return picked;
}
