/**
 * Time that passes when a test says so.
 *
 * @module
 */

import type { Clock } from "../../mod/lib/clock.ts";

interface Sleeper {
  /** On the monotonic clock. */
  readonly until: number;
  readonly wake: () => void;
}

/** Steps of the wall clock that tests make. */
export const STEPS_MS = [-3_600_000, -120_000, 120_000, 3_600_000] as const;

/** The monotonic clock begins far from the wall clock, so that a test notices where both are mixed. */
const MONOTONIC_ORIGIN = 5_000_000;

/**
 * A clock that stands still but for {@linkcode FakeClock.advance} and {@linkcode FakeClock.step}.
 */
export class FakeClock implements Clock {
  #monotonic = MONOTONIC_ORIGIN;
  /** What the wall clock is ahead of the monotonic one. */
  #ahead: number;
  readonly #sleepers = new Set<Sleeper>();

  /** @param now milliseconds since the Unix epoch */
  constructor(now = 0) {
    this.#ahead = now - MONOTONIC_ORIGIN;
  }

  now(): number {
    return this.#monotonic + this.#ahead;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        until: this.#monotonic + ms,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Milliseconds until the next one wakes, or `null` when nobody sleeps. */
  get untilNext(): number | null {
    const ends = [...this.#sleepers].map(({ until }) => until);
    return ends.length === 0 ? null : Math.min(...ends) - this.#monotonic;
  }

  /** Sets the wall clock forward or, with a negative `ms`, back. No time passes, no sleep ends. */
  step(ms: number): void {
    this.#ahead += ms;
  }

  /** Lets time pass; who has slept long enough wakes, the earliest first, and runs. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    while (true) {
      await settle();
      const next = [...this.#sleepers].toSorted((a, b) => a.until - b.until)[0];
      if (next === undefined || next.until > end) break;
      this.#sleepers.delete(next);
      this.#monotonic = Math.max(this.#monotonic, next.until);
      next.wake();
    }
    this.#monotonic = end;
  }
}

/** Lets all that can run without waiting for the outside run. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
}
