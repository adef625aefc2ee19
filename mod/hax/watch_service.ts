/**
 * Telling people and programs of Mero's services: which went online, which offline (spec: halink.md,
 * Notifying people and programs).
 *
 * @module
 */

import type { ServiceHealth } from "../consul/mod.ts";
import { formatFid } from "../lib/fid.ts";
import { processOfServiceIdIfAny } from "./service_id.ts";

/** A process's service, as Consul's checks see it. */
export interface ServiceNotice {
  /** Fid of the process. */
  readonly fid: string;
  readonly status: "online" | "offline";
}

/**
 * What changed, each time that something did; at first all there is. A service is online while all
 * its checks and those of its node pass; one that left the catalog is offline.
 *
 * @param states states of a service, in order of time
 *
 * @example
 * ```ts
 * import { noticesOf } from "./watch_service.ts";
 *
 * const none = (async function* () {
 *   yield await Promise.resolve([]);
 * })();
 * for await (const notices of noticesOf(none)) throw new Error(`nothing changed: ${notices}`);
 * ```
 */
export async function* noticesOf(
  states: AsyncIterable<readonly ServiceHealth[]>,
): AsyncIterable<readonly ServiceNotice[]> {
  let known: ReadonlyMap<string, ServiceNotice["status"]> = new Map();
  for await (const state of states) {
    const now = new Map(state.flatMap(statusOf));
    for (const fid of known.keys()) if (!now.has(fid)) now.set(fid, "offline");
    const changed = [...now].filter(([fid, status]) => known.get(fid) !== status);
    known = now;
    if (changed.length > 0) yield changed.map(([fid, status]) => ({ fid, status }));
  }
}

/** None for a service whose ID names no process: it is not Hare's. */
function statusOf({ service, checks }: ServiceHealth): [string, ServiceNotice["status"]][] {
  const process = processOfServiceIdIfAny(service.id);
  if (process === null) return [];
  const isOnline = checks.every(({ status }) => status === "passing");
  return [[formatFid(process), isOnline ? "online" : "offline"]];
}
