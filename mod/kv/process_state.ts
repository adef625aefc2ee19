/**
 * `processes/<fid>`: the state of a Mero process, written by its node's hax (spec: kv.md).
 *
 * @module
 */

import * as z from "zod";
import { type KeyValue, KvValueError } from "./errors.ts";

/** States of a Mero process, in the order of its life. */
export const PROCESS_STATES = ["STARTING", "STARTED", "STOPPING", "STOPPED"] as const;

/** Kinds of Mero processes; m0mkfs and m0d of one storage have the same fid. */
export const PROCESS_TYPES = ["M0D", "M0MKFS", "OTHER"] as const;

/** State of a Mero process. */
export type ProcessState = (typeof PROCESS_STATES)[number];

/** Kind of a Mero process. */
export type ProcessType = (typeof PROCESS_TYPES)[number];

/** What is known of a Mero process; `null` where the record does not tell. */
export interface ProcessRecord {
  readonly state: ProcessState;
  readonly type: ProcessType | null;
  readonly pid: number | null;
  /** Number of the start, from 1. */
  readonly generation: number | null;
}

/** Mero's own names of the states. */
const MERO_STATES = {
  M0_CONF_HA_PROCESS_STARTING: "STARTING",
  M0_CONF_HA_PROCESS_STARTED: "STARTED",
  M0_CONF_HA_PROCESS_STOPPING: "STOPPING",
  M0_CONF_HA_PROCESS_STOPPED: "STOPPED",
} as const satisfies Readonly<Record<`M0_CONF_HA_PROCESS_${ProcessState}`, ProcessState>>;

/** The form in which Mero's tools know a record: only `state` is sure to be there. */
export const processRecordSchema = z.object({
  state: z.literal(
    Object.values(MERO_STATES).map((state) => `M0_CONF_HA_PROCESS_${state}` as const),
  ),
  type: z.enum(PROCESS_TYPES).nullish(),
  pid: z.int().nonnegative().nullish(),
  generation: z.int().nonnegative().nullish(),
}).transform((raw): ProcessRecord => ({
  state: MERO_STATES[raw.state],
  type: raw.type ?? null,
  pid: raw.pid ?? null,
  generation: raw.generation ?? null,
}));

/**
 * Reads the value of a `processes/<fid>` key.
 *
 * @throws {KvValueError} when it is no such record
 *
 * @example
 * ```ts
 * import { parseProcessState } from "./process_state.ts";
 *
 * const { state, pid } = parseProcessState({
 *   key: "processes/0x7200000000000001:0x9",
 *   value: '{"state": "M0_CONF_HA_PROCESS_STARTED"}',
 * });
 * if (state !== "STARTED" || pid !== null) throw new Error("wrong");
 * ```
 */
export function parseProcessState(entry: KeyValue): ProcessRecord {
  let json: unknown;
  try {
    json = JSON.parse(entry.value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new KvValueError(entry, "no JSON");
  }
  const result = processRecordSchema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new KvValueError(entry, `${issue?.path.join(".") || "the value"}: ${issue?.message}`);
}

/** A record as a value for KV and as the JSON of an event: what is not known is left out. */
export function processRecordJson(record: ProcessRecord): Record<string, string | number> {
  return {
    state: `M0_CONF_HA_PROCESS_${record.state}`,
    ...(record.type === null ? {} : { type: record.type }),
    ...(record.pid === null ? {} : { pid: record.pid }),
    ...(record.generation === null ? {} : { generation: record.generation }),
  };
}

/** Writes the value of a `processes/<fid>` key. */
export function formatProcessState(record: ProcessRecord): string {
  return JSON.stringify(processRecordJson(record));
}
