/**
 * Keeps requests back that need Raft's leader while there is none.
 *
 * Without a leader an agent holds such a request for 7 to 20 s and then refuses it, while
 * `/v1/status/leader` is answered at once. So after a request has failed, one small question finds
 * out for all that wait when there is a leader again; their requests are then sent without delay.
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
   * Asks whether Raft has a leader.
   *
   * @throws {ConsulError} when there is no answer
   */
  readonly ask: (options: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<
    boolean
  >;
}

const PAUSE = { baseMs: 100, maxMs: 500 };
/** Time limit of the first question; it doubles with each that is not answered. */
const FIRST_LIMIT_MS = 1_000;
const LONGEST_LIMIT_MS = 16_000;

/** Knows whether Raft has a leader, as far as the agent has said. */
export class LeaderGate {
  readonly #deps: LeaderGateDeps;
  #isDoubted = false;
  #isLed = true;
  /**
   * What lets each request that waits go on. (Each would leave a reaction at a promise that they had
   * in common, which may live for hours.)
   */
  readonly #waiting = new Set<PromiseWithResolvers<void>>();
  /** Ends the question that is being asked for them. */
  #asking: AbortController | null = null;

  constructor(deps: LeaderGateDeps) {
    this.#deps = deps;
  }

  /** Whether there was a leader when the agent last said something about it. */
  get isLed(): boolean {
    return this.#isLed;
  }

  /** A request that needs a leader has failed: whether there is one is asked before the next. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** An answer says whether there is a leader. */
  heard(isLed: boolean): void {
    this.#isLed = isLed;
    this.#isDoubted = !isLed;
  }

  /**
   * Waits for a leader, if it is doubted that there is one.
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
        // Whatever else is wrong, the requests that wait are refused at once, and say it better.
        if (error.kind !== "timeout") return;
        timeoutMs = Math.min(2 * timeoutMs, LONGEST_LIMIT_MS);
      }
      await clock.sleep(backoffMs(asked, { ...PAUSE, random }), signal);
    }
  }
}
