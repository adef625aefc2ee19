/**
 * The directory of a development cluster: worked on by one program at a time.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { ignoreNotFound } from "../lib/files.ts";
import { lockFile } from "../lib/lock_file.ts";
import { basename, dirname, join } from "../lib/std/path.ts";

/** Name of the lock's file in it. */
export const LOCK_NAME = "lock";

/**
 * The path of a directory without links; components that do not exist stay as given.
 *
 * @param path absolute
 */
export async function canonicalPath(path: string): Promise<string> {
  const real = await Deno.realPath(path).catch(ignoreNotFound);
  if (real) return real;
  const above = dirname(path);
  return above === path ? path : join(await canonicalPath(above), basename(path));
}

/**
 * Makes the directory where needed, and keeps other hares from it until disposed of.
 *
 * @throws {HareError} when another program works on it
 */
export async function lockDirectory(dir: string): Promise<Disposable> {
  await Deno.mkdir(dir, { recursive: true });
  const lock = await lockFile(join(dir, LOCK_NAME));
  if (lock !== null) return lock;
  throw new HareError(`another \`hare dev\` works on ${dir}`, { hint: "wait until it ends" });
}
