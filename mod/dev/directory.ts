/**
 * The directory of a development cluster: worked on by one program at a time.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { lockFile } from "../lib/lock_file.ts";
import { join } from "../lib/std/path.ts";

/**
 * Makes the directory where needed, and keeps other hares from it until disposed of.
 *
 * @throws {HareError} when another program works on it
 */
export async function lockDirectory(dir: string): Promise<Disposable> {
  await Deno.mkdir(dir, { recursive: true });
  const lock = await lockFile(join(dir, "lock"));
  if (lock !== null) return lock;
  throw new HareError(`another \`hare dev\` works on ${dir}`, { hint: "wait until it ends" });
}
