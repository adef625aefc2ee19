/**
 * A time limit as a signal that releases its timer. (The timer of `AbortSignal.timeout()`, with all
 * its listeners, stays until it fires: with a limit of hours that is a leak.)
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";

/** A limit that is active until it is disposed. */
export interface TimeLimit extends Disposable {
  /** Aborted when the limit has passed. */
  readonly signal: AbortSignal;
}

/** Options of {@linkcode timeLimit}. */
export interface TimeLimitOptions {
  /** {@default systemClock} */
  readonly clock?: Clock | undefined;
  /** Creates the signal's reason. {@default a `TimeoutError`, like `AbortSignal.timeout()`} */
  readonly reason?: (() => Error) | undefined;
}

/**
 * Begins a time limit.
 *
 * @param ms of any length; `Infinity` is no limit
 *
 * @example
 * ```ts
 * import { timeLimit } from "./time_limit.ts";
 *
 * using limit = timeLimit(5_000);
 * const answer = await fetch("data:,quick", { signal: limit.signal });
 * if (await answer.text() !== "quick") throw new Error("wrong");
 * ```
 */
export function timeLimit(
  ms: number,
  { clock = systemClock, reason = timedOut }: TimeLimitOptions = {},
): TimeLimit {
  const over = new AbortController();
  const disposed = new AbortController();
  clock.sleep(ms, disposed.signal).then(
    () => over.abort(reason()),
    () => {}, // disposed of before
  );
  return { signal: over.signal, [Symbol.dispose]: () => disposed.abort() };
}

function timedOut(): Error {
  return new DOMException("Signal timed out.", "TimeoutError");
}
