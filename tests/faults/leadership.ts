/**
 * Who leads, the coordinators and Raft, as the nodes' Consul agents tell.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { LEADER } from "../../mod/kv/keys.ts";
import { type Readiness, waitFor } from "../../mod/lib/wait_for.ts";

/** A node with a Consul server and a coordinator. */
export interface FaultNode {
  readonly name: string;
  readonly address: string;
  /** A client of its agent. */
  readonly consul: Consul;
}

/** A node whose coordinator leads. */
export interface Leader<N extends FaultNode> {
  readonly node: N;
  /** What it leads by. */
  readonly session: string;
}

const CALL_LIMIT_MS = 500;
/** A server that was cut off from the others finds them again within a minute. */
const LIMIT_MS = 120_000;

/** Waits until one of these nodes leads, by another session than `former`. */
export function leaderOf<N extends FaultNode>(
  nodes: readonly N[],
  former?: string,
): Promise<Leader<N>> {
  return askInTurn(nodes, "a new leader", async (consul) => {
    const entry = await consul.kv.get(LEADER, { timeoutMs: CALL_LIMIT_MS, consistent: true });
    const session = entry?.session ?? null;
    const node = nodes.find(({ name }) => name === entry?.value);
    if (session === null || node === undefined) return { ready: false, why: "none of them leads" };
    return session === former
      ? { ready: false, why: `${node.name} still leads` }
      : { ready: true, value: { node, session } };
  });
}

/** Waits until the server of one of these nodes leads Raft. */
export function raftLeaderOf<N extends FaultNode>(nodes: readonly N[]): Promise<N> {
  return askInTurn(nodes, "Raft's leader", async (consul) => {
    const leader = await consul.status.leader({ timeoutMs: CALL_LIMIT_MS });
    const node = nodes.find(({ address }) => leader?.startsWith(`${address}:`));
    return node === undefined
      ? { ready: false, why: `it is ${leader}` }
      : { ready: true, value: node };
  });
}

/** Asks one agent after the other until one has the answer. */
function askInTurn<T>(
  nodes: readonly FaultNode[],
  what: string,
  ask: (consul: Consul) => Promise<Readiness<T>>,
): Promise<T> {
  let turn = 0;
  return waitFor(what, async () => {
    const node = nodes[turn++ % nodes.length];
    return node === undefined ? { ready: false, why: "no nodes" } : await ask(node.consul);
  }, { limitMs: LIMIT_MS, intervalMs: 10 });
}
