/**
 * Waits for a signal, and cancellable waits for work that continues after the wait is cancelled.
 *
 * @module
 */

/**
 * The result of `promise`, or the signal's reason when `signal` is aborted first. After an abort
 * the work behind the promise continues, and its error is ignored.
 *
 * @throws the signal's reason
 *
 * @example
 * ```ts
 * import { orAborted } from "./or_aborted.ts";
 *
 * const end = new AbortController();
 * if (await orAborted(Promise.resolve(5), end.signal) !== 5) throw new Error("lost");
 * ```
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const over = () => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(over);
  });
}

/**
 * Waits until `signal` is aborted.
 *
 * @example
 * ```ts
 * import { aborted } from "./or_aborted.ts";
 *
 * const end = new AbortController();
 * const waiting = aborted(end.signal);
 * end.abort();
 * await waiting;
 * await aborted(end.signal); // it has been already
 * ```
 */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
