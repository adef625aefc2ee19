/**
 * Work that is done again and again: at least once in a while, and soon when it is asked for.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";

/** Options of {@linkcode Rounds}. */
export interface RoundsOptions {
  readonly clock: Clock;
  /** Longest pause between two rounds, in milliseconds. */
  readonly everyMs: number;
  /** Shortest pause, however often it is asked for. {@default 100} */
  readonly pauseMs?: number | undefined;
}

/** Rounds of work, one at a time. */
export class Rounds {
  readonly #options: RoundsOptions;
  #isAsked = false;
  #wake: () => void = () => {};

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Asks for a round. Asking many times before it begins is asking once. */
  ask(): void {
    this.#isAsked = true;
    this.#wake();
  }

  /**
   * Does `work` round after round; the first begins at once.
   *
   * @throws the signal's reason when `signal` is aborted; what `work` throws
   */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<never> {
    const { clock, everyMs, pauseMs = 100 } = this.#options;
    while (true) {
      this.#isAsked = false;
      await work(signal);
      await clock.sleep(pauseMs, signal);
      await this.#waitAtMost(everyMs - pauseMs, signal);
    }
  }

  async #waitAtMost(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isAsked) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    try {
      await this.#options.clock.sleep(ms, AbortSignal.any([signal, woken.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (!woken.signal.aborted) throw error;
    }
  }
}
