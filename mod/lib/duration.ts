/**
 * Lengths of time as people write them.
 *
 * @module
 */

import { HareError } from "./errors.ts";

/** Longer ones are a mistake, and dates cannot tell when they are over. */
const LONGEST_MS = 100 * 365 * 24 * 3_600_000;

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * Milliseconds of `text`: a number and one of the units `ms`, `s`, `m`, `h`.
 *
 * @throws {HareError} when `text` is no length of time, or one of more than 100 years
 *
 * @example
 * ```ts
 * import { parseDuration } from "./duration.ts";
 *
 * if (parseDuration("1.5s") !== 1500) throw new Error("wrong");
 * ```
 */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw new HareError(`${JSON.stringify(text)} is no length of time`, {
      hint: "write a number and its unit, as in 500ms, 2s or 1.5m",
    });
  }
  const ms = Math.round(Number(number) * UNITS[unit as keyof typeof UNITS]);
  if (ms <= LONGEST_MS) return ms;
  throw new HareError(`${text} is too long a time`, { hint: "it is more than 100 years" });
}

/**
 * A length of time for people: `850 ms`, `2.5 s`, `3 m 20 s`, `5 h 1 m`.
 *
 * @example
 * ```ts
 * import { formatDuration } from "./duration.ts";
 *
 * if (formatDuration(200_000) !== "3 m 20 s") throw new Error("wrong");
 * ```
 */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} m ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}
