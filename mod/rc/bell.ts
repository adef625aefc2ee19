/**
 * Waking a loop that waits: for a time, or until something has happened.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";

/**
 * A loop waits for it; others ring. It does not say how often it was rung, nor what for: who wakes
 * looks at the world as it then is.
 */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait in progress, or else the next one. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /**
   * Resolves when the bell has been rung since the last wait ended, or `ms` milliseconds later.
   *
   * @throws the signal's reason when `signal` is or becomes aborted
   */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung) await this.#sleep(ms, signal);
    this.#rung = false;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const sleep = new AbortController();
    const onAbort = () => sleep.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#wake = () => sleep.abort();
    try {
      await this.#clock.sleep(ms, sleep.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#rung) throw error;
    } finally {
      this.#wake = null;
      signal.removeEventListener("abort", onAbort);
    }
  }
}
