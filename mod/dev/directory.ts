/**
 * The directory of a development cluster: worked on by one program at a time.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { systemClock } from "../lib/clock.ts";
import { join } from "../lib/std/path.ts";

/** How long to wait for another program to finish with the directory, in milliseconds. */
const LOCK_LIMIT_MS = 500;

/**
 * Makes the directory where needed, and keeps other hares from it until disposed of. The kernel
 * holds the lock, so none is left behind whatever happens.
 *
 * @throws {HareError} when another program works on it
 */
export async function lockDirectory(dir: string): Promise<Disposable> {
  await Deno.mkdir(dir, { recursive: true });
  const file = await Deno.open(join(dir, "lock"), { create: true, write: true });
  const stop = new AbortController();
  const locked = file.lock(true).then(() => true);
  const late = systemClock.sleep(LOCK_LIMIT_MS, stop.signal).then(() => false, () => false);
  if (!await Promise.race([locked, late])) {
    throw new HareError(`another \`hare dev\` works on ${dir}`, { hint: "wait until it ends" });
  }
  stop.abort();
  return file;
}
