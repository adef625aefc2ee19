/**
 * What the state of the cluster amounts to. Pure: a world in, a judgement out.
 *
 * @module
 */

import type { ConsulError } from "../consul/mod.ts";
import { whatHasFailed, whatIsDown } from "./reasons.ts";
import { type Tallies, tallyOf } from "./tallies.ts";
import type { World } from "./world.ts";

/** How the cluster is. Degraded: it serves, and something has failed. */
export type Level = "healthy" | "degraded" | "down";

/** One thing that is wrong. */
export interface Reason {
  readonly level: Exclude<Level, "healthy">;
  /** One line. */
  readonly text: string;
}

/** A judgement. */
export interface Verdict {
  readonly level: Level;
  /** What is wrong, the worst first; none when healthy. */
  readonly reasons: readonly Reason[];
}

/** A judgement, and what it rests on. */
export interface Assessment extends Verdict {
  readonly tallies: Tallies;
}

/** Judges the world. */
export function assess(world: World): Assessment {
  const tallies = tallyOf(world);
  const reasons = [
    ...whatIsDown(world, tallies).map((text): Reason => ({ level: "down", text })),
    ...whatHasFailed(world, tallies).map((text): Reason => ({ level: "degraded", text })),
  ];
  return { level: reasons[0]?.level ?? "healthy", reasons, tallies };
}

/** The judgement where Consul does not tell anything. */
export function assessSilence(error: ConsulError): Verdict {
  const hint = error.hint === undefined ? "" : ` (${error.hint})`;
  const text = `Consul cannot be asked: ${error.message}${hint}`;
  return { level: "down", reasons: [{ level: "down", text }] };
}
