/**
 * Globs of disk paths, expanded on this machine as a shell would: `*`, `?`, `[…]`, `{…,…}` within
 * each part of the path; no hidden files unless the pattern's part begins with a dot.
 *
 * @module
 */

import { isNothingThere } from "../lib/files.ts";
import { globToRegExp, join } from "../lib/std/path.ts";

/** Made at the first use: it takes 10 ms, which other commands need not wait for at their start. */
let collator: Intl.Collator | undefined;

/**
 * Order of paths as people count: `/dev/loop2` before `/dev/loop10`. Numbers go by value, then
 * plain characters decide, so that the order is always the same.
 */
export function comparePaths(one: string, other: string): number {
  collator ??= new Intl.Collator("en", { numeric: true });
  return collator.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
}

/**
 * The paths that match `glob`, in natural order. Only directories that may hold one are read; a
 * path without wildcards is returned whether or not anything is there.
 *
 * @param glob an absolute path with wildcards
 * @throws {Deno.errors.PermissionDenied} when a directory cannot be read
 */
export async function expandGlob(
  glob: string,
  system: Pick<typeof Deno, "readDir">,
): Promise<readonly string[]> {
  let paths: readonly string[] = ["/"];
  for (const part of glob.split("/").filter((part) => part !== "")) {
    if (!/[*?[{]/.test(part)) {
      paths = paths.map((path) => join(path, part));
      continue;
    }
    const pattern = globToRegExp(part, { globstar: false });
    const matches = await Promise.all(paths.map((path) => matching(path, part, pattern, system)));
    paths = matches.flat();
  }
  return paths.toSorted(comparePaths);
}

async function matching(
  directory: string,
  part: string,
  pattern: RegExp,
  system: Pick<typeof Deno, "readDir">,
): Promise<readonly string[]> {
  const paths: string[] = [];
  try {
    for await (const { name } of system.readDir(directory)) {
      const hidden = name.startsWith(".") && !part.startsWith(".");
      if (!hidden && pattern.test(name)) paths.push(join(directory, name));
    }
  } catch (error) {
    if (!isNothingThere(error)) throw error;
  }
  return paths;
}
