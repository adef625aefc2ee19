/**
 * Writing what waits to the event queue, whose counter all nodes share: what waits together is
 * written together, as each transaction has to win over the other nodes', and whoever has written
 * leaves the counter to the others for a while.
 *
 * @module
 */

import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { BoundedQueue } from "./bounded_queue.ts";

/** What {@linkcode writeInTurn} stands on. */
export interface TurnDeps {
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Pauses of one who was refused the counter: nearly none, as those who have written leave it to those
 * who have not.
 */
export const PAUSES = { baseMs: 2, maxMs: 50 } as const;

/** Consul's return is noticed within a second. */
const RETRY = { baseMs: 100, maxMs: 1_000 };
/**
 * How long one who has written leaves the event queue's counter to the others, in milliseconds.
 * Without this the quickest node wins again and again. It is time for some five transactions, so that
 * of a few nodes each has its turn, and half of the 100 ms within which a change is to be on record.
 */
const REST_MS = 50;

/**
 * Writes what waits in `queue` until that is closed and empty. Where Consul fails it tries again for
 * as long as it takes: nothing may overtake.
 *
 * @param what what is written, for the log: "events"
 * @param write writes the first of what waits, and returns how many
 * @throws the signal's reason when `signal` is aborted before
 */
export async function writeInTurn<T extends object>(
  queue: BoundedQueue<T>,
  what: string,
  write: (waiting: readonly T[]) => Promise<number>,
  { clock, random, log }: TurnDeps,
  signal: AbortSignal,
): Promise<void> {
  let restUntil = -Infinity;
  await queue.serveTogether(async (waiting) => {
    const restMs = restUntil - clock.monotonic();
    if (restMs > 0) await clock.sleep(restMs, signal);
    for (let failures = 0;;) {
      try {
        const written = await write(waiting);
        restUntil = clock.monotonic() + REST_MS;
        return written;
      } catch (error) {
        if (!(error instanceof HareError) || signal.aborted) throw error;
        failures += 1;
        const level = failures === 1 ? "warn" : "debug";
        const { length: n } = waiting;
        log[level]("{n} {what} are not in Consul yet: {error}", { n, what, error: error.message });
      }
      await clock.sleep(backoffMs(failures, { ...RETRY, random }), signal);
    }
  });
}
