/**
 * The units of a pool's parity groups.
 *
 * @module
 */

import type { Target } from "../target.ts";
import type { CdfPool } from "./schema.ts";

/** Units of a parity group. */
export interface Units {
  /** N. */
  readonly data: number;
  /** K. */
  readonly parity: number;
  /** S. */
  readonly spare: number;
  /** All of them. */
  readonly total: number;
}

/** The units of a parity group of `pool`; as many spare as parity ones unless it says otherwise. */
export function unitsOf(pool: CdfPool): Units {
  const { data_units: data, parity_units: parity } = pool;
  const spare = pool.spare_units ?? parity;
  return { data, parity, spare, total: data + parity + spare };
}

/** The sum as the target's users write it: `N + 2K = 8 + 2·2 = 12`. */
export function formatUnits({ data, parity, spare, total }: Units, target: Target): string {
  return target.conf.spareUnits
    ? `N + K + S = ${data} + ${parity} + ${spare} = ${total}`
    : `N + 2K = ${data} + 2·${parity} = ${total}`;
}
