/**
 * Ending a queue's work with what it has taken done.
 *
 * @module
 */

/** Work that goes on until it is closed. */
export interface Flushable {
  /** Takes no more; {@linkcode Flushable.run} ends when what it has is done. */
  close(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** How long what waits is still worked on, in milliseconds. */
const FLUSH_MS = 5_000;

/**
 * Runs `work` until `signal` is aborted, and then until what it has taken is done, within a time
 * limit.
 *
 * @param limitMs how long that may take, in milliseconds
 * @returns whether all of it was done
 * @throws what `work` throws before the limit
 */
export async function runAndFlush(
  work: Flushable,
  signal: AbortSignal,
  limitMs = FLUSH_MS,
): Promise<boolean> {
  const limit = new AbortController();
  let timer: number | undefined;
  const onStop = () => {
    work.close();
    timer = setTimeout(() => limit.abort(), limitMs);
  };
  if (signal.aborted) onStop();
  else signal.addEventListener("abort", onStop, { once: true });
  try {
    await work.run(limit.signal);
    return true;
  } catch (error) {
    if (!limit.signal.aborted) throw error;
    return false;
  } finally {
    signal.removeEventListener("abort", onStop);
    clearTimeout(timer);
  }
}
