/**
 * The entrypoint: what a Mero client needs to join the cluster (spec: halink.md, Entrypoint).
 *
 * It follows the leader of the moment and is never kept over an election.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import type { ConfProcess, Layout } from "../kv/cluster.ts";
import type { Leader } from "../kv/leader.ts";
import { type Fid, makeFid } from "../lib/fid.ts";

/** A place in the cluster that a client speaks to. */
export interface Place {
  readonly node: string;
  readonly fid: Fid;
  /** Mero network address. */
  readonly address: string;
}

/** What a Mero client needs to join. */
export interface Entrypoint {
  /** Service RM of the confd process on the leader's node, at that confd's address. */
  readonly principalRm: Place;
  /** All confd processes of the configuration, in the order of their fids. */
  readonly confds: readonly Place[];
  /** How many confds must agree. */
  readonly quorum: number;
}

/** The entrypoint, or the reason why there is none. */
export type EntrypointAnswer =
  | { readonly known: true; readonly entrypoint: Entrypoint }
  | { readonly known: false; readonly why: string };

/**
 * The entrypoint of the cluster `layout` while `leader` leads.
 *
 * @param leader who holds the lock now
 */
export function entrypointOf(
  leader: Pick<Leader, "node"> | null,
  layout: Layout,
): EntrypointAnswer {
  if (leader === null) return { known: false, why: "no leader is elected" };
  const lost = layout.unreadable?.find(({ types }) => types.includes("confd"));
  if (lost !== undefined) return { known: false, why: lost.error.message };
  const confds = layout.processes
    .filter((process) => process.types.includes("confd"))
    .toSorted((a, b) => a.fidk - b.fidk);
  const principal = confds.find((process) => isSameNode(process.node, leader.node));
  if (principal === undefined) {
    return { known: false, why: `the leader ${leader.node} has no confd in the configuration` };
  }
  return {
    known: true,
    entrypoint: {
      principalRm: { ...placeOf(principal), fid: makeFid("service", principal.fidk + 1) },
      confds: confds.map(placeOf),
      quorum: Math.floor(confds.length / 2) + 1,
    },
  };
}

function placeOf({ node, fid, endpoint }: ConfProcess): Place {
  return { node, fid, address: endpoint };
}
