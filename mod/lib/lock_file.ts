/**
 * A file that one program at a time holds. The kernel keeps the lock, so none is left behind
 * however its holder ends.
 *
 * @module
 */

import { systemClock } from "./clock.ts";

/** How long a holder that is just ending is waited for, in milliseconds. */
const PATIENCE_MS = 500;

/**
 * Takes the lock of the file at `path`, which is made where needed; the directory must exist.
 *
 * @returns what gives the lock back when disposed of, or `null` when another program has it
 *
 * @example
 * ```ts
 * import { lockFile } from "./lock_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * using lock = await lockFile(path);
 * if (lock === null) throw new Error("nobody else knows this file");
 * ```
 */
export async function lockFile(path: string): Promise<Disposable | null> {
  const file = await Deno.open(path, { create: true, write: true });
  const stop = new AbortController();
  const locked = file.lock(true).then(() => true);
  const late = systemClock.sleep(PATIENCE_MS, stop.signal).then(() => false, () => false);
  const taken = await Promise.race([locked, late]);
  stop.abort();
  if (taken) return file;
  // Deno cannot give up waiting for a lock; once it comes it is given back.
  locked.then(() => file.close());
  return null;
}
