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
 * Takes the lock of the file at `path`, which is made where needed, for its owner alone and its group
 * to read; the directory must exist.
 *
 * @returns the file, which gives the lock back when disposed of, or `null` when another program has it
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
export async function lockFile(path: string): Promise<Deno.FsFile | null> {
  while (true) {
    const file = await Deno.open(path, { create: true, write: true, mode: 0o640 });
    const stop = new AbortController();
    const locked = file.lock(true).then(() => true);
    const late = systemClock.sleep(PATIENCE_MS, stop.signal).then(() => false, () => false);
    const taken = await Promise.race([locked, late]);
    stop.abort();
    if (!taken) {
      // Deno cannot cancel the wait for a lock; a lock that arrives later is released.
      locked.then(() => file.close());
      return null;
    }
    if (await isAt(path, file)) return file;
    file.close(); // the file was removed meanwhile: other programs lock the new file
  }
}

async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [there, here] = await Promise.all([Deno.stat(path), file.stat()]);
    return there.dev === here.dev && there.ino === here.ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
