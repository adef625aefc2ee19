/**
 * What operators order the coordinator to do (`hare/rc/…`), and what its leader says of itself
 * (`hare/rc-report`).
 *
 * @module
 */

import * as z from "zod";
import { jsonText } from "../lib/json_text.ts";
import type { KeyValue } from "./errors.ts";
import { parseValue } from "./parse_value.ts";

const pauseSchema = jsonText(z.object({ by: z.string(), since: z.string(), why: z.string() }));

/**
 * Events wait while this key exists, whatever its value. A pause outlasts the program that ordered
 * it, every leader, and a restart of the cluster. `hare rc resume` ends the pause.
 */
export type Pause = Readonly<z.infer<typeof pauseSchema>>;

const switchoverSchema = jsonText(z.object({
  /** Node of the leader that is to give leadership up. */
  from: z.string(),
  /** Node that is to lead next; `null`: any other. */
  to: z.string().nullable(),
}));

/**
 * An order to move leadership. The order is valid while the session of the operator's program holds
 * the key, and for {@linkcode ORDER_LIMIT_MS} at most.
 */
export type Switchover = Readonly<z.infer<typeof switchoverSchema>>;

/** How long such an order is valid, in milliseconds; `hare rc switchover` gives up long before. */
export const ORDER_LIMIT_MS = 60_000;

const reportSchema = jsonText(z.object({
  node: z.string(),
  /**
   * The session that holds the lock. A report of another session, for example imported, is void.
   */
  session: z.string(),
  term: z.int(),
  /** Since when it leads. */
  since: z.iso.datetime(),
  /** The event that is next, and since when the leader knows of it. */
  oldest: z.object({ key: z.string(), since: z.iso.datetime() }).nullable(),
  /** The last failure of a rule, or event moved aside. */
  lastError: z.object({ time: z.iso.datetime(), what: z.string() }).nullable(),
}));

/** The leader's report, written when it has changed, at most every few seconds. */
export type LeaderReport = Readonly<z.infer<typeof reportSchema>>;

/** Reads `hare/rc/paused`: somebody may have typed a value of any form by hand. */
export function parsePause(entry: KeyValue): Pause {
  const result = pauseSchema.safeParse(entry.value);
  return result.success ? result.data : { by: "somebody", since: "", why: entry.value };
}

/**
 * Reads `hare/rc/switchover`.
 *
 * @throws {KvValueError} when it is no such order
 */
export function parseSwitchover(entry: KeyValue): Switchover {
  return parseValue(switchoverSchema, entry);
}

/**
 * Reads `hare/rc-report`.
 *
 * @throws {KvValueError} when it is no report
 */
export function parseLeaderReport(entry: KeyValue): LeaderReport {
  return parseValue(reportSchema, entry);
}

/** Writes any of these values. */
export function formatOrder(value: Pause | Switchover | LeaderReport): string {
  return JSON.stringify(value);
}
