/**
 * Tasks that live and end together.
 *
 * @module
 */

/**
 * Runs tasks until all have ended. Each is handed a signal that is aborted with `signal`, and as
 * soon as one task fails; a task that ends by throwing that signal's reason has not failed.
 *
 * @throws what the first task that failed threw
 *
 * @example
 * ```ts
 * import { together } from "./together.ts";
 *
 * const untilAborted = (signal: AbortSignal) =>
 *   new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
 * const failing = () => Promise.reject(new RangeError("no"));
 * try {
 *   await together(new AbortController().signal, [untilAborted, failing]);
 * } catch (error) {
 *   if (!(error instanceof RangeError)) throw error;
 * }
 * ```
 */
export async function together(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  await Promise.all(tasks.map(async (task) => {
    try {
      await task(both);
    } catch (error) {
      if (!both.aborted || error !== both.reason) failed.abort(error);
    }
  }));
  failed.signal.throwIfAborted();
}
