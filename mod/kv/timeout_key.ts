/**
 * Keys of timeouts, `timeout/<YYYYmmddHHMM.SS>`: the local time of the leader's host, as operators
 * type it (spec: rc.md, Timeouts).
 *
 * Of an hour that comes twice the first is meant, and a time that is skipped moves forward: that is
 * how the language reads local times.
 *
 * @module
 */

import { TIMEOUT_PREFIX } from "./keys.ts";

/**
 * The key of the events due at `time`; a part of a second is rounded up, so that nothing fires
 * early.
 *
 * @example
 * ```ts
 * import { timeoutKey } from "./timeout_key.ts";
 *
 * const key = timeoutKey(new Date(2026, 10, 24, 3, 10, 5));
 * if (key !== "timeout/202611240310.05") throw new Error(key);
 * ```
 */
export function timeoutKey(time: Date): string {
  const at = new Date(Math.ceil(time.getTime() / 1000) * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const clock = `${two(at.getHours())}${two(at.getMinutes())}.${two(at.getSeconds())}`;
  return TIMEOUT_PREFIX + day + clock;
}

const DIGITS = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)\.(\d\d)$/;

/** The time that a key names, or `null` where it names none. */
export function parseTimeoutKey(key: string): Date | null {
  if (!key.startsWith(TIMEOUT_PREFIX)) return null;
  const parts = DIGITS.exec(key.slice(TIMEOUT_PREFIX.length))?.slice(1).map(Number);
  if (parts === undefined) return null;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  const valid = year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
    day <= daysIn(year, month) && hours <= 23 && minutes <= 59 && seconds <= 59;
  return valid ? new Date(year, month - 1, day, hours, minutes, seconds) : null;
}

/** Day 0 of the next month is the last one of this. */
function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
