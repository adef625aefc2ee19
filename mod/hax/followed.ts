/**
 * A value in Consul, known at any moment without asking: the newest state that a watch brought, or
 * the reason why it is not known.
 *
 * It is the state of the server that the agent asks, so that it stays known when the host of Raft's
 * leader falls silent, and only while that server hears of a leader. One that is cut off with its node
 * goes on to show what it had for at most two waits of a query after it has given Raft's leader up,
 * which takes it less than 3 s at a `raft_multiplier` of 1; and for 3 s more where it was the leader
 * itself from its start, or is behind: it then leaves the next query without an answer.
 *
 * @module
 */

import type { WatchOptions } from "../consul/mod.ts";
import { backoffMs } from "../lib/backoff.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { HareError, messageOf } from "../lib/errors.ts";

/** A value, or the reason why it is not known. */
export type Fresh<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string };

/** Options of {@linkcode Followed}. */
export interface FollowedOptions {
  /** Wait of a query, in milliseconds. {@default 10000} */
  readonly waitMs?: number;
  /** {@default systemClock} */
  readonly clock?: Clock;
  /** Number in [0, 1). {@default Math.random} */
  readonly random?: () => number;
  /** Is told that a value that was known is known no more, and why. */
  readonly onLost?: (why: string) => void;
  /** Is told that the value is known again. */
  readonly onRegained?: () => void;
}

/** Consul's return is noticed at once. */
const RETRY = { baseMs: 50, maxMs: 250 };
const WAIT_MS = 10_000;

/** Follows one watched value. */
export class Followed<T> {
  readonly #watch: (options: WatchOptions) => AsyncIterable<T>;
  readonly #options: FollowedOptions;
  #now: Fresh<T> = { known: false, why: "Consul has not answered yet" };
  #latest: { readonly value: T } | null = null;

  /** @param watch yields the present value at once, and each new one */
  constructor(
    watch: (options: WatchOptions) => AsyncIterable<T>,
    options: FollowedOptions = {},
  ) {
    this.#watch = watch;
    this.#options = options;
  }

  /** The value of this moment. */
  get now(): Fresh<T> {
    return this.#now;
  }

  /** The value when Consul last answered; `null` before its first answer. */
  get latest(): T | null {
    return this.#latest?.value ?? null;
  }

  /**
   * Keeps the value fresh. While Consul fails, whatever the failure, or what it answers makes no
   * sense, the value is not known, and a new watch is begun: its first query answers at once, where
   * the next query of the old watch would wait for a change.
   *
   * @throws the signal's reason when `signal` is aborted
   */
  async run(signal: AbortSignal): Promise<never> {
    const { clock = systemClock, random = Math.random, waitMs = WAIT_MS } = this.#options;
    let failures = 0;
    while (true) {
      const watch = new AbortController();
      const onError = (error: HareError) => watch.abort(error);
      const both = AbortSignal.any([signal, watch.signal]);
      try {
        for await (
          const value of this.#watch({ signal: both, asked: "led server", waitMs, onError })
        ) {
          failures = 0;
          this.#found(value);
        }
      } catch (error) {
        if (!(error instanceof HareError)) throw error;
        watch.abort(error);
      }
      signal.throwIfAborted();
      failures += 1;
      this.#lost(messageOf(watch.signal.reason));
      await clock.sleep(backoffMs(failures, { ...RETRY, random }), signal);
    }
  }

  #found(value: T): void {
    if (this.#latest !== null && !this.#now.known) this.#options.onRegained?.();
    this.#now = { known: true, value };
    this.#latest = { value };
  }

  #lost(why: string): void {
    if (this.#now.known) this.#options.onLost?.(why);
    this.#now = { known: false, why };
  }
}
