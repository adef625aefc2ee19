/**
 * The directories in which Mero's processes keep their data, `m0d-<fid>`.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import { isNothingThere } from "../lib/files.ts";
import { join } from "../lib/std/path.ts";

/** What a data directory of a process is called. */
const PROCESS_DIRECTORY = /^m0d-/;

/**
 * The data directories of processes that hold something, sorted.
 *
 * @param directories those that have a directory for each process
 * @throws {HareError} when one may not be looked into
 */
export async function filledProcessDirectories(
  directories: readonly string[],
): Promise<readonly string[]> {
  try {
    const filled: string[] = [];
    for (const directory of directories) {
      for (const name of await namesIn(directory)) {
        const path = join(directory, name);
        if (PROCESS_DIRECTORY.test(name) && (await namesIn(path)).length > 0) filled.push(path);
      }
    }
    return filled.toSorted();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new HareError(`cannot look into the data directories: ${messageOf(error)}`);
  }
}

/** Names in a directory; none where there is none. Links are followed. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  } catch (error) {
    if (isNothingThere(error)) return [];
    throw error;
  }
}
