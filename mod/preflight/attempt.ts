/**
 * One part of an inspection: what keeps it from succeeding is part of the answer, and what hangs
 * does not hold up the others.
 *
 * @module
 */

import { problemsOf } from "../facts/errors.ts";
import { abortable } from "../lib/std/async.ts";
import type { Found } from "./answer.ts";

/** Options of {@linkcode attempt}. */
export interface AttemptOptions {
  /** In milliseconds. */
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does `work`, but does not wait for it beyond the time limit: a program that waits for a broken
 * disk cannot even be killed.
 *
 * @param what to complete "within 10 s there was no answer about …"
 * @param work is handed a signal that ends with the time limit
 * @throws the signal's reason when it is aborted; what is a fault of the program
 */
export async function attempt<T>(
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  { limitMs, signal }: AttemptOptions,
): Promise<Found<T>> {
  const limit = AbortSignal.timeout(limitMs);
  const within = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    return { value: await abortable(work(within), within) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!limit.aborted) return { problems: problemsOf(error) };
    return { problems: [`within ${limitMs / 1000} s there was no answer about ${what}`] };
  }
}
