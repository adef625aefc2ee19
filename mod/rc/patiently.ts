/**
 * Calls that outlast Consul's absence.
 *
 * @module
 */

import { ConsulError } from "../consul/mod.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import type { Reachability } from "./reachability.ts";

/** What {@linkcode patiently} stands on. */
export interface PatienceDeps {
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly reachability: Reachability;
}

const PAUSE = { baseMs: 100, maxMs: 2000 };

/**
 * Makes `call`, and makes it again for as long as Consul is away. The first time it is made even
 * when `signal` is aborted: what is in hand is finished.
 *
 * @param who who calls, for {@linkcode Reachability}
 * @throws the signal's reason when `signal` is or becomes aborted and Consul is away
 * @throws whatever else `call` throws
 */
export async function patiently<T>(
  who: string,
  call: () => Promise<T>,
  deps: PatienceDeps,
  signal: AbortSignal,
): Promise<T> {
  const { clock, random, reachability } = deps;
  try {
    for (let attempt = 1;; attempt++) {
      try {
        const result = await call();
        reachability.recovered(who);
        return result;
      } catch (error) {
        if (!(error instanceof ConsulError && error.retryable)) throw error;
        reachability.failed(who, error);
      }
      await clock.sleep(backoffMs(attempt, { ...PAUSE, random }), signal);
    }
  } finally {
    reachability.forget(who);
  }
}
