/**
 * Loops that stand or fall together.
 *
 * @module
 */

/** A loop: it ends when it is done, or by throwing when `signal` is aborted or it fails. */
export type Loop = (signal: AbortSignal) => Promise<void>;

/**
 * Runs loops until one of them ends; then the others' signal is aborted, and when all have ended,
 * so has this.
 *
 * @throws what the first one to end threw, if it threw
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { runTogether } from "./run_together.ts";
 *
 * const done: string[] = [];
 * await runTogether([
 *   (signal) => systemClock.sleep(60_000, signal).catch(() => void done.push("stopped")),
 *   () => Promise.resolve(void done.push("first")),
 * ]);
 * if (done.join() !== "first,stopped") throw new Error(done.join());
 * ```
 */
export async function runTogether(loops: readonly Loop[]): Promise<void> {
  const stop = new AbortController();
  const running = loops.map((loop) => loop(stop.signal));
  try {
    await Promise.race(running);
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}
