/**
 * How many failures a pool version bears (spec: cfgen.md, Tolerance of a pver).
 *
 * @module
 */

import type { Tolerance } from "../layout.ts";

/** What the tolerance depends on. */
export interface Layout {
  /** Units of a parity group: data, parity and spare. */
  readonly units: number;
  /** K. */
  readonly parityUnits: number;
  /** Controllers that the drives are spread over. */
  readonly controllers: number;
}

/**
 * The computed tolerance. Right where a parity group spreads evenly: each controller holds `q` of
 * its units, and `r` of them one more.
 *
 * @example
 * ```ts
 * import { computedTolerance } from "./tolerance.ts";
 *
 * // 2 + 1 + 1 units on 4 controllers: one each, so one controller may fail.
 * const tolerance = computedTolerance({ units: 4, parityUnits: 1, controllers: 4 });
 * if (tolerance.join() !== "0,0,0,1,1") throw new Error("wrong");
 * ```
 */
export function computedTolerance({ units, parityUnits, controllers }: Layout): Tolerance {
  const q = Math.floor(units / controllers);
  const r = units % controllers;
  const onFuller = r * (q + 1);
  let bearable: number;
  if (onFuller > parityUnits) bearable = Math.floor(parityUnits / (q + 1));
  else if (onFuller < parityUnits) bearable = r + Math.floor((parityUnits - onFuller) / q);
  else bearable = r;
  return [0, 0, 0, bearable, parityUnits];
}

/**
 * The most that can be asked for. Everything is in one site and one rack, so neither may fail; an
 * enclosure holds one controller and bears what that bears.
 */
export function bearableTolerance(layout: Layout): Tolerance {
  const [, , , ctrl, disk] = computedTolerance(layout);
  return [0, 0, ctrl, ctrl, disk];
}
