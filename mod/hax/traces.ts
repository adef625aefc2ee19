/**
 * The traces of the HA link's library: each start of hax leaves a trace of 16 MB.
 *
 * @module
 */

import { ignoreNotFound } from "../lib/files.ts";
import { join } from "../lib/std/path.ts";

/** Number of traces that are kept for support, besides the trace of the running hax. */
const KEPT = 2;
/** Motr's library adds the time to the pid: `m0trace.29052.2026-11-29-20:36:02`. */
const NAME = /^m0trace\.\d+(\.[\d:-]+)?$/;

/**
 * Removes all traces in a directory but the newest two.
 *
 * @returns the names of the removed traces
 * @throws the file system's errors
 */
export async function pruneTraces(directory: string): Promise<readonly string[]> {
  const traces: { readonly name: string; readonly time: number }[] = [];
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (!isFile || !NAME.test(name)) continue;
    const info = await Deno.lstat(join(directory, name)).catch(ignoreNotFound);
    if (info !== undefined) traces.push({ name, time: info.mtime?.getTime() ?? 0 });
  }
  const old = traces.toSorted((a, b) => b.time - a.time).slice(KEPT).map(({ name }) => name);
  for (const name of old) await Deno.remove(join(directory, name)).catch(ignoreNotFound);
  return old;
}
