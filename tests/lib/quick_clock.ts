/**
 * A clock on which sleeping takes no time.
 *
 * @module
 */

import type { Clock } from "../../mod/lib/clock.ts";

const HOUR_MS = 3_600_000;

/** A {@linkcode Clock} that keeps the pauses that were made. */
export interface QuickClock extends Clock {
  /** In milliseconds. */
  readonly slept: readonly number[];
}

/**
 * A clock on which sleeping takes no time but moves it. Its wall clock is stepped by an hour, back
 * and forth, whenever it is asked, so that a duration measured with it is wrong.
 */
export function quickClock(): QuickClock {
  const slept: number[] = [];
  let monotonic = 1_000_000;
  let steps = 0;
  return {
    slept,
    now: () => Date.UTC(2026, 10, 24) + monotonic + (steps++ % 3) * HOUR_MS,
    monotonic: () => monotonic,
    sleep: (ms, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason);
      slept.push(ms);
      monotonic += ms;
      return Promise.resolve();
    },
  };
}
