/**
 * Time, passed in: whatever waits or looks at the clock takes a {@linkcode Clock}, so that tests
 * run it fast and exactly.
 *
 * There are two sources of time, which must not be mixed. The wall clock gives the time of day; an
 * administrator or NTP may set it back or forward by any amount at any moment. The monotonic clock
 * measures elapsed time only. Use the monotonic clock for every duration, deadline, back-off and
 * age. A plugin of `deno lint` (tools/wall_clock.ts) enforces this.
 *
 * @module
 */

/** A source of time. */
export interface Clock {
  /**
   * The wall clock: milliseconds since the Unix epoch. For what people read, for the keys of
   * timeouts, and for comparison with another host's clock; never for a duration.
   */
  now(): number;
  /**
   * The monotonic clock: milliseconds since an arbitrary moment. It never goes back and never jumps.
   * Values of two processes cannot be compared.
   */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds of the monotonic clock; a step of the wall clock does not
   * change that. `Infinity` never resolves.
   *
   * @param ms may be longer than the 24.8 days that one timer of JavaScript can wait
   * @throws the signal's reason, at once, when `signal` is or becomes aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay of `setTimeout`: with a longer one it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The machine's own clocks.
 *
 * `performance.now()` and the timers of Deno both read Linux's `CLOCK_MONOTONIC` (Rust's `Instant`).
 * It does not count the time during which the machine is suspended.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    let rest = ms;
    for (; rest > LONGEST_TIMER_MS; rest -= LONGEST_TIMER_MS) await pause(LONGEST_TIMER_MS, signal);
    await pause(rest, signal);
  },
};

/** Waits with one timer. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
