/**
 * The delay before the next start of a unit that ends repeatedly.
 *
 * @module
 */

/** Length of the window in seconds; earlier starts do not count. */
const WINDOW_S = 600;
/** Number of automatic starts in the window without a delay. */
const FREE_STARTS = 2;
/** The longest delay, in seconds. */
const MAX_DELAY_S = 60;

/** The recorded starts of a unit, and the delay of the present start. */
export interface RestartDelay {
  /** Times of the starts in the window, including the present start, in seconds since the boot. */
  readonly starts: readonly number[];
  readonly delayMs: number;
}

/**
 * The delay before an automatic start: none for the first two within ten minutes, then 1 s, 2 s, 4 s
 * and so on up to a minute.
 *
 * @param starts times of the previous automatic starts, in seconds since the boot
 * @param now the present time, in seconds since the boot
 *
 * @example
 * ```ts
 * import { restartDelay } from "./restart_delay.ts";
 *
 * if (restartDelay([], 1000).delayMs !== 0) throw new Error("the first start waits for nothing");
 * if (restartDelay([990, 991, 993, 996], 1000).delayMs !== 4000) throw new Error("the fifth waits");
 * if (restartDelay([10, 11, 12], 1000).starts.length !== 1) throw new Error("long ago");
 * ```
 */
export function restartDelay(starts: readonly number[], now: number): RestartDelay {
  const recent = starts.filter((at) => at <= now && now - at < WINDOW_S);
  const paid = recent.length - FREE_STARTS;
  const delayS = paid < 0 ? 0 : Math.min(2 ** paid, MAX_DELAY_S);
  return { starts: [...recent, now], delayMs: delayS * 1000 };
}
