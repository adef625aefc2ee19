/**
 * Values that the shell's completion asks the running cluster for; see `values.ts`.
 *
 * @module
 */

import { readLayout } from "../kv/cluster.ts";
import { formatFid } from "../lib/fid.ts";
import type { Context } from "./context.ts";

/** Fids of the cluster's processes; a `LiveValues`. */
export async function processFids(
  context: Context,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { processes } = await readLayout(context.consul(), { signal });
  return processes.map(({ fid }) => formatFid(fid));
}
