/**
 * `hare/pools`: what the pools bear, and which processes hold their drives. Written by the import,
 * for `hare status`; Mero itself reads `confd.xc`.
 *
 * @module
 */

import * as z from "zod";
import { type Fid, FidSyntaxError, formatFid, parseFid } from "../lib/fid.ts";
import { type KeyValue, KvValueError } from "./errors.ts";

/** The pools of the configuration. */
export const POOLS = "hare/pools";

/** A pool of the configuration. */
export interface PoolRecord {
  readonly fid: Fid;
  readonly name: string;
  /** Data, parity and spare units of a stripe. */
  readonly data: number;
  readonly parity: number;
  readonly spare: number;
  /** How many may fail: sites, racks, enclosures, controllers, drives. */
  readonly tolerance: readonly [number, number, number, number, number];
  /** Drives of the pool by the fid key of the process that serves them. */
  readonly drives: ReadonlyMap<number, number>;
}

const count = z.int().nonnegative();

const poolsSchema = z.array(
  z.object({
    fid: z.string(),
    name: z.string(),
    data: count,
    parity: count,
    spare: count,
    tolerance: z.tuple([count, count, count, count, count]),
    drives: z.record(z.string().regex(/^\d+$/), count),
  }).transform(({ fid, drives, ...pool }): PoolRecord => ({
    ...pool,
    fid: parseFid(fid),
    drives: new Map(Object.entries(drives).map(([fidk, drives]) => [Number(fidk), drives])),
  })),
);

/**
 * Reads the value of the key.
 *
 * @throws {KvValueError} when it is no list of pools
 */
export function parsePools(entry: KeyValue): readonly PoolRecord[] {
  try {
    return poolsSchema.parse(JSON.parse(entry.value));
  } catch (error) {
    if (error instanceof SyntaxError) throw new KvValueError(entry, "no JSON");
    if (error instanceof FidSyntaxError) throw new KvValueError(entry, error.message);
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    throw new KvValueError(entry, `${issue?.path.join(".") || "the value"}: ${issue?.message}`);
  }
}

/**
 * Writes the value of the key.
 *
 * @example
 * ```ts
 * import { formatPools, parsePools, POOLS, type PoolRecord } from "./pools.ts";
 * import { makeFid } from "../lib/fid.ts";
 *
 * const tier1: PoolRecord = {
 *   fid: makeFid("pool", 52),
 *   name: "tier1",
 *   data: 2,
 *   parity: 1,
 *   spare: 0,
 *   tolerance: [0, 0, 0, 1, 1],
 *   drives: new Map([[12, 4], [31, 4], [50, 4]]),
 * };
 * const [read] = parsePools({ key: POOLS, value: formatPools([tier1]) });
 * if (read?.drives.get(31) !== 4) throw new Error("lost");
 * ```
 */
export function formatPools(pools: readonly PoolRecord[]): string {
  return JSON.stringify(pools.map((pool) => ({
    ...pool,
    fid: formatFid(pool.fid),
    drives: Object.fromEntries(pool.drives),
  })));
}
