/**
 * The directories in which Mero's processes keep their data, `m0d-<fid>`.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import { isNothingThere } from "../lib/files.ts";
import { join } from "../lib/std/path.ts";

/** Name of a process's data directory. */
const PROCESS_DIRECTORY = /^m0d-/;

/**
 * The data directories of processes that are not empty, sorted.
 *
 * @param directories parent directories, with a directory for each process
 * @throws {HareError} when a directory cannot be read
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

/** Names in a directory; none if the directory does not exist. Follows links. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  } catch (error) {
    if (isNothingThere(error)) return [];
    throw error;
  }
}
