/**
 * Values that the shell's completion asks the running cluster for; see `values.ts`.
 *
 * @module
 */

import { readLayout } from "../kv/cluster.ts";
import { TIMEOUT_PREFIX } from "../kv/keys.ts";
import { formatFid } from "../lib/fid.ts";
import { candidates, listEvents } from "../rc/mod.ts";
import type { Context } from "./context.ts";

/** Fids of the cluster's processes; a `LiveValues`. */
export async function processFids(
  context: Context,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { processes } = await readLayout(context.consul(), { signal });
  return processes.map(({ fid }) => formatFid(fid));
}

/** Nodes that can lead; a `LiveValues`. */
export async function rcCandidates(
  context: Context,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await candidates(context.consul(), signal);
}

/** Keys of events that wait, or were moved aside; a `LiveValues`. */
export async function foundEvents(
  context: Context,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return (await listEvents(context.consul(), signal)).map(({ key }) => key);
}

/** Keys of events that were moved aside; a `LiveValues`. */
export async function rejectedEvents(
  context: Context,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const events = await listEvents(context.consul(), signal);
  return events.filter(({ rejected }) => rejected !== null).map(({ key }) => key);
}

/** Keys of timeouts; a `LiveValues`. */
export async function timeoutKeys(
  context: Context,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await context.consul().kv.keys(TIMEOUT_PREFIX, { signal });
}
