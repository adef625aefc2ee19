/**
 * Waiting for the world: asks again until the answer is yes, within a time limit, and says why
 * not when it runs out. Nothing in Hare sleeps a fixed time for something it could ask about
 * (spec: lessons.md, "Fixed sleeps").
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import { messageOf, TimeLimitError } from "./errors.ts";
import { timeLimit } from "./time_limit.ts";

/**
 * What a condition answers: ready; or not yet and why; or never, with the error to throw.
 */
export type Readiness<T> =
  | { readonly ready: true; readonly value: T }
  | { readonly ready: false; readonly why: string }
  | { readonly ready: "never"; readonly error: Error };

/** Options of {@linkcode waitFor}. */
export interface WaitForOptions {
  /** Time limit in milliseconds. {@default until the signal ends it} */
  readonly limitMs?: number | undefined;
  /** Pause between two questions in milliseconds. {@default 100} */
  readonly intervalMs?: number | undefined;
  /**
   * Ends the wait with the signal's reason; where that is the time limit of something bigger, the
   * error says what was waited for, and why it was not there.
   */
  readonly signal?: AbortSignal | undefined;
  /** What to do when the limit runs out, for the error's hint. */
  readonly hint?: string | undefined;
  /** {@default systemClock} */
  readonly clock?: Clock | undefined;
}

/**
 * Asks `condition` until it is ready, and returns its value.
 *
 * A condition that throws counts as not ready, with the error's message as the reason. The
 * condition is handed a signal that ends with the time limit, for its own requests.
 *
 * @param what what is waited for, to complete "waited 5 s for …"
 * @throws {TimeLimitError} when the limit runs out; the message ends with the last reason
 *
 * @example
 * ```ts
 * import { waitFor } from "./wait_for.ts";
 *
 * let asked = 0;
 * const answer = await waitFor("the third question", () => {
 *   asked += 1;
 *   return Promise.resolve(asked < 3 ? { ready: false, why: `asked ${asked}` } : { ready: true, value: asked });
 * }, { limitMs: 1000, intervalMs: 1 });
 * if (answer !== 3) throw new Error("asked too often");
 * ```
 */
export async function waitFor<T>(
  what: string,
  condition: (signal: AbortSignal) => Promise<Readiness<T>>,
  options: WaitForOptions,
): Promise<T> {
  const { clock = systemClock, limitMs = Infinity, intervalMs = 100, signal, hint } = options;
  const deadline = clock.monotonic() + limitMs;
  let why = "there was no answer";
  let cause: unknown;
  try {
    for (let left = limitMs; left > 0; left = deadline - clock.monotonic()) {
      signal?.throwIfAborted();
      using limit = timeLimit(left);
      const within = AbortSignal.any([limit.signal, ...signal === undefined ? [] : [signal]]);
      const answer = await ask(condition, within);
      signal?.throwIfAborted();
      if (answer.ready === "never") throw answer.error;
      if (answer.ready) return answer.value;
      ({ why, cause } = answer);
      const pause = Math.min(intervalMs, deadline - clock.monotonic());
      if (pause > 0) await clock.sleep(pause, signal);
    }
  } catch (error) {
    if (!(error instanceof TimeLimitError) || error !== signal?.reason) throw error;
    throw new TimeLimitError(`${error.message}: waited for ${what}: ${why}`, { hint, cause });
  }
  throw new TimeLimitError(`waited ${limitMs / 1000} s for ${what}: ${why}`, { hint, cause });
}

/** The condition's answer; an exception is an answer of "not yet" with its message as the reason. */
async function ask<T>(
  condition: (signal: AbortSignal) => Promise<Readiness<T>>,
  signal: AbortSignal,
): Promise<Readiness<T> & { readonly cause?: unknown }> {
  try {
    return await condition(signal);
  } catch (error) {
    return { ready: false, why: messageOf(error), cause: error };
  }
}
