/**
 * The records of all nodes' processes, followed.
 *
 * @module
 */

import type { Consul, KvEntry, WatchOptions } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import { parseProcessKey, PROCESSES_PREFIX } from "../kv/keys.ts";
import { parseProcessState, type ProcessRecord } from "../kv/process_state.ts";
import { formatFid } from "../lib/fid.ts";

/** What {@linkcode watchRecords} asks. */
export interface RecordsStore {
  readonly kv: Pick<Consul["kv"], "watchPrefix">;
}

/** The records by fid: as they are now, and after each change. */
export async function* watchRecords(
  consul: RecordsStore,
  options: WatchOptions,
): AsyncIterable<ReadonlyMap<string, ProcessRecord>> {
  for await (const entries of consul.kv.watchPrefix(PROCESSES_PREFIX, options)) {
    yield new Map(entries.flatMap(recordIn));
  }
}

/** A record that does not parse is none; its node's hax has said so. */
function recordIn(entry: KvEntry): readonly (readonly [string, ProcessRecord])[] {
  const fid = parseProcessKey(entry.key);
  if (fid === null) return [];
  try {
    return [[formatFid(fid), parseProcessState(entry)]];
  } catch (error) {
    if (!(error instanceof KvValueError)) throw error;
    return [];
  }
}
