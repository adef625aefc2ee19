/**
 * Where the tools keep what is expensive to make and does not belong into the tree.
 *
 * @module
 */

import { HareError } from "../mod/lib/errors.ts";
import { dirname } from "../mod/lib/std/path.ts";

/** `$XDG_CACHE_HOME/hare` or `~/.cache/hare`. */
function cacheDir(): string {
  const home = Deno.env.get("HOME");
  const base = Deno.env.get("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
  if (!base) {
    throw new HareError("there is no place for a cache", { hint: "set HOME or XDG_CACHE_HOME" });
  }
  return `${base}/hare`;
}

/** Whether a file exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * A file in the cache, made by `make` when it is not there. It appears whole or not at all; two
 * makers at once do the work twice and no harm.
 *
 * @param make makes the file at the path it is given; that path's directory is its own and empty
 */
export async function cached(
  name: string,
  make: (path: string) => Promise<void>,
  cache: string = cacheDir(),
): Promise<string> {
  const path = `${cache}/${name}`;
  if (await exists(path)) return path;
  const directory = dirname(path);
  await Deno.mkdir(directory, { recursive: true });
  const workshop = await Deno.makeTempDir({ dir: directory, prefix: "making-" });
  // Ctrl-C ends the program that `make` runs, and with it `make`: then the workshop is cleared.
  const stay = () => {};
  Deno.addSignalListener("SIGINT", stay);
  try {
    await make(`${workshop}/made`);
    await Deno.rename(`${workshop}/made`, path);
  } finally {
    Deno.removeSignalListener("SIGINT", stay);
    await Deno.remove(workshop, { recursive: true });
  }
  return path;
}
