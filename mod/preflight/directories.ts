/**
 * Directories that must not be formatted over.
 *
 * @module
 */

import { expandGlob } from "../facts/glob.ts";
import { HareError, messageOf } from "../lib/errors.ts";

/**
 * The directories among those that match that hold something, sorted.
 *
 * @throws {HareError} when one may not be looked into
 */
export async function filledAmong(
  globs: readonly string[],
  system: Pick<typeof Deno, "readDir">,
): Promise<readonly string[]> {
  try {
    const matching = await Promise.all(globs.map((glob) => expandGlob(glob, system)));
    const paths = [...new Set(matching.flat())];
    const filled = await Promise.all(paths.map((path) => holdsSomething(path, system)));
    return paths.filter((_, i) => filled[i]).toSorted();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new HareError(`cannot look into the data directories: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function holdsSomething(
  path: string,
  system: Pick<typeof Deno, "readDir">,
): Promise<boolean> {
  try {
    for await (const _ of system.readDir(path)) return true;
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
