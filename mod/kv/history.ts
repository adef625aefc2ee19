/**
 * `hare/history/…`: the terms of leaders and the events that were handled, the last ones of each.
 * Each record stands in the transaction that it tells of.
 *
 * @module
 */

import * as z from "zod";
import { jsonText } from "../lib/json_text.ts";
import type { KeyValue } from "./errors.ts";
import { parseValue } from "./parse_value.ts";

/** Terms that are kept. */
export const MAX_TERMS = 100;
/** Events that are kept. */
export const MAX_EVENTS = 1000;

const time = z.iso.datetime();

const termSchema = z.object({
  kind: z.literal("term"),
  /** Counts the terms: it only grows. */
  term: z.int(),
  node: z.string(),
  began: time,
  /** `null` while it lasts, and when its end was not recorded. */
  ended: time.nullable(),
  /** How it ended. */
  how: z.string().nullable(),
});

const eventSchema = z.object({
  kind: z.literal("event"),
  /** Term of the leader that handled it. */
  term: z.int(),
  node: z.string(),
  /** The event's key in the queue. */
  key: z.string(),
  /** Its text, or the beginning of it. */
  event: z.string(),
  /** When it had been handled. */
  time,
  /** How long that took, without the commit that this record is part of. */
  ms: z.number(),
  result: z.enum(["handled", "rejected"]),
  outcome: z.string(),
});

const recordSchema = jsonText(z.discriminatedUnion("kind", [termSchema, eventSchema]));

/** One leader's time. */
export type TermRecord = Readonly<z.infer<typeof termSchema>>;

/** One event that was handled, or moved aside. */
export type EventRecord = Readonly<z.infer<typeof eventSchema>>;

/** What a history's key holds. */
export type HistoryRecord = TermRecord | EventRecord;

/**
 * Reads the value of a history's key.
 *
 * @throws {KvValueError} when it is no record
 */
export function parseHistory(entry: KeyValue): HistoryRecord {
  return parseValue(recordSchema, entry);
}

/** Writes the value of a history's key. */
export function formatHistory(record: HistoryRecord): string {
  return JSON.stringify(record);
}
