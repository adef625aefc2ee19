/**
 * Holds requests that need Raft's leader while there is no leader.
 *
 * Without a leader an agent holds such a request for 7 to 20 s and then refuses it, but it answers
 * `/v1/status/leader` at once. So after a request has failed, the gate polls that endpoint on
 * behalf of all waiting requests, and sends them without delay when there is a leader again.
 *
 * @module
 */

import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { orAborted } from "../lib/or_aborted.ts";
import { ConsulError } from "./errors.ts";

/** Dependencies of a {@linkcode LeaderGate}. */
export interface LeaderGateDeps {
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  /**
   * Asks the agent whether Raft has a leader.
   *
   * @throws {ConsulError} when there is no answer
   */
  readonly ask: (options: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<
    boolean
  >;
}

const PAUSE = { baseMs: 100, maxMs: 500 };
/** Time limit of the first question; it doubles after each question without an answer. */
const FIRST_LIMIT_MS = 1_000;
const LONGEST_LIMIT_MS = 16_000;

/** Tracks whether Raft has a leader, according to the agent's answers. */
export class LeaderGate {
  readonly #deps: LeaderGateDeps;
  #isDoubted = false;
  #isLed = true;
  /**
   * One callback for each waiting request. (A promise shared by all of them may live for hours, and
   * every request would leave a reaction on it.)
   */
  readonly #waiting = new Set<PromiseWithResolvers<void>>();
  /** Cancels the question that is in progress for the waiting requests. */
  #asking: AbortController | null = null;

  constructor(deps: LeaderGateDeps) {
    this.#deps = deps;
  }

  /** Whether there was a leader according to the agent's latest answer. */
  get isLed(): boolean {
    return this.#isLed;
  }

  /**
   * A request that needs a leader has failed: the gate checks for a leader before the next request.
   */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** Records whether there is a leader, according to an answer. */
  heard(isLed: boolean): void {
    this.#isLed = isLed;
    this.#isDoubted = !isLed;
  }

  /**
   * Waits for a leader, if there may be none.
   *
   * @throws the signal's reason
   */
  async pass(signal: AbortSignal): Promise<void> {
    if (!this.#isDoubted) return;
    signal.throwIfAborted();
    const one = Promise.withResolvers<void>();
    this.#waiting.add(one);
    if (this.#asking === null) this.#ask();
    try {
      await orAborted(one.promise, signal);
    } finally {
      this.#waiting.delete(one);
      if (this.#waiting.size === 0) this.#end();
    }
  }

  #ask(): void {
    const asking = new AbortController();
    this.#asking = asking;
    const settle = (how: (one: PromiseWithResolvers<void>) => void) => {
      if (this.#asking !== asking) return;
      this.#asking = null;
      this.#waiting.forEach(how);
    };
    this.#untilLed(asking.signal).then(
      () => settle((one) => one.resolve()),
      (error) => settle((one) => one.reject(error)),
    );
  }

  #end(): void {
    this.#asking?.abort();
    this.#asking = null;
  }

  async #untilLed(signal: AbortSignal): Promise<void> {
    const { ask, clock, random } = this.#deps;
    let timeoutMs = FIRST_LIMIT_MS;
    for (let asked = 1;; asked++) {
      try {
        const isLed = await ask({ signal, timeoutMs });
        this.heard(isLed);
        if (isLed) return;
        timeoutMs = FIRST_LIMIT_MS;
      } catch (error) {
        if (!(error instanceof ConsulError)) throw error;
        // Any other error: the waiting requests fail at once, and their own errors are more
        // precise.
        if (error.kind !== "timeout") return;
        timeoutMs = Math.min(2 * timeoutMs, LONGEST_LIMIT_MS);
      }
      await clock.sleep(backoffMs(asked, { ...PAUSE, random }), signal);
    }
  }
}
