/**
 * Asking for as long as it takes: a daemon that needs something of Consul before it can work waits
 * for it, and says what for.
 *
 * @module
 */

import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import type { Readiness } from "../lib/wait_for.ts";

/** Ready; or not yet, and why. */
export type PatientAnswer<T> = Exclude<Readiness<T>, { readonly ready: "never" }>;

/** Options of {@linkcode askPatiently}. */
export interface AskPatientlyOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** Is told why it is not ready: once, until the reason is another. */
  readonly onWait: (why: string) => void;
}

const PAUSE = { baseMs: 200, maxMs: 1_000 };

/**
 * Asks until the answer is ready, and returns its value. A {@linkcode HareError} counts as not
 * ready, with its message as the reason.
 *
 * @throws the signal's reason when `signal` is aborted
 */
export async function askPatiently<T>(
  ask: (signal: AbortSignal) => Promise<PatientAnswer<T>>,
  options: AskPatientlyOptions,
): Promise<T> {
  const { signal, clock, random, onWait } = options;
  let said: string | null = null;
  for (let asked = 1;; asked++) {
    const answer = await askOrWhyNot(ask, signal);
    if (answer.ready) return answer.value;
    if (answer.why !== said) onWait(answer.why);
    said = answer.why;
    await clock.sleep(backoffMs(asked, { ...PAUSE, random }), signal);
  }
}

async function askOrWhyNot<T>(
  ask: (signal: AbortSignal) => Promise<PatientAnswer<T>>,
  signal: AbortSignal,
): Promise<PatientAnswer<T>> {
  try {
    return await ask(signal);
  } catch (error) {
    if (!(error instanceof HareError) || signal.aborted) throw error;
    return { ready: false, why: error.message };
  }
}
