/**
 * What a pool has lost, and what it still bears.
 *
 * @module
 */

import type { PoolRecord } from "../kv/pools.ts";

/** A pool, weighed. */
export interface PoolLoss {
  readonly pool: PoolRecord;
  /** Drives of the pool. */
  readonly drives: number;
  readonly drivesLost: number;
  /** Controllers with drives of the pool; each node has one. */
  readonly controllers: number;
  /** Controllers that have lost a drive. */
  readonly controllersHit: number;
  /** How many more may fail; `null` when more are lost than the pool bears for sure. */
  readonly left: { readonly controllers: number; readonly drives: number } | null;
}

/**
 * Weighs a pool whose drives are lost where their process does not serve.
 *
 * Drives may fail anywhere up to the tolerance of drives; or any number of them within as many
 * controllers as the tolerance of controllers allows (or of enclosures, each of which holds one
 * controller). Where losses fit neither, stripes may be lost.
 *
 * @param nodeOf node of a process, by the key of its fid
 * @param serves whether a process serves its drives
 *
 * @example
 * ```ts
 * import { makeFid } from "../lib/fid.ts";
 * import { lossOf } from "./pool_loss.ts";
 *
 * const pool = {
 *   fid: makeFid("pool", 1), name: "tier1", data: 1, parity: 1, spare: 0,
 *   tolerance: [0, 0, 0, 1, 1], drives: new Map([[9, 2], [19, 2], [29, 2]]),
 * } as const;
 * const loss = lossOf(pool, (fidk) => `node${fidk}`, (fidk) => fidk !== 9);
 * if (loss.drivesLost !== 2 || loss.left?.controllers !== 0) throw new Error("one node is gone");
 * ```
 */
export function lossOf(
  pool: PoolRecord,
  nodeOf: (fidk: number) => string,
  serves: (fidk: number) => boolean,
): PoolLoss {
  const [, , enclosuresBorne, controllersBorne, drivesBorne] = pool.tolerance;
  const held = [...pool.drives].filter(([, count]) => count > 0);
  const lost = held.filter(([fidk]) => !serves(fidk));
  const drivesLost = sum(lost);
  const controllersHit = new Set(lost.map(([fidk]) => nodeOf(fidk))).size;
  const controllersLeft = Math.max(enclosuresBorne, controllersBorne) - controllersHit;
  const drivesLeft = Math.max(drivesBorne - drivesLost, controllersLeft);
  return {
    pool,
    drives: sum(held),
    drivesLost,
    controllers: new Set(held.map(([fidk]) => nodeOf(fidk))).size,
    controllersHit,
    left: drivesLeft < 0 ? null : { controllers: Math.max(0, controllersLeft), drives: drivesLeft },
  };
}

function sum(held: readonly (readonly [fidk: number, drives: number])[]): number {
  return held.reduce((total, [, drives]) => total + drives, 0);
}
