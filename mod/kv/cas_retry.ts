/**
 * Check-and-set with many contenders: try, and when somebody else was faster try again, after a
 * pause with jitter, within a time limit.
 *
 * @module
 */

import { backoffMs } from "../lib/backoff.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { TimeLimitError } from "../lib/errors.ts";
import type { CallOptions } from "../consul/mod.ts";

/** What one try came to. */
export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly why: string };

/** Options of all that counts by check-and-set. */
export interface CasOptions extends CallOptions {
  /** Time limit for all tries together in milliseconds. {@default 30000} */
  readonly limitMs?: number | undefined;
  /** {@default systemClock} */
  readonly clock?: Clock | undefined;
  /** Longest first pause and longest pause ever, in milliseconds. {@default for many contenders} */
  readonly pauses?: { readonly baseMs: number; readonly maxMs: number } | undefined;
  /** Number in [0, 1), for jitter. {@default Math.random} */
  readonly random?: (() => number) | undefined;
}

/** Pauses that let 200 contenders through within seconds; measured in tests/consul. */
const PAUSES = { baseMs: 8, maxMs: 1000 };

/**
 * Tries until it is done. What `attempt` throws ends it.
 *
 * @param what what is tried, to complete "could not … within 30 s"
 * @throws {TimeLimitError} when the limit runs out; the message ends with the last reason
 */
export async function retryCas<T>(
  what: string,
  attempt: () => Promise<Attempt<T>>,
  options: CasOptions = {},
): Promise<T> {
  const { limitMs = 30_000, clock = systemClock, random = Math.random } = options;
  const pauses = { ...options.pauses ?? PAUSES, random };
  const deadline = clock.monotonic() + limitMs;
  for (let tries = 1;; tries++) {
    const result = await attempt();
    if (result.done) return result.value;
    const pause = backoffMs(tries, pauses);
    if (clock.monotonic() + pause >= deadline) {
      throw new TimeLimitError(`could not ${what} within ${limitMs / 1000} s: ${result.why}`, {
        hint: "many others count at the same key: try again",
      });
    }
    await clock.sleep(pause, options.signal);
  }
}
