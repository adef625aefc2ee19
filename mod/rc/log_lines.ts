/**
 * The history as lines: who led, and what became of each event.
 *
 * @module
 */

import type { KvEntry } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import { type EventRecord, type HistoryRecord, parseHistory } from "../kv/history.ts";
import { formatDuration } from "../lib/duration.ts";

/** The records in `entries`; what cannot be read is none. */
export function recordsIn(entries: readonly KvEntry[]): readonly HistoryRecord[] {
  return entries.flatMap((entry) => {
    try {
      return [parseHistory(entry)];
    } catch (error) {
      if (error instanceof KvValueError) return [];
      throw error;
    }
  });
}

/** The events among records, in the order in which they were done. */
export function eventsAmong(records: readonly HistoryRecord[]): readonly EventRecord[] {
  return records.filter((record) => record.kind === "event")
    .toSorted((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
}

/** A line a thing that happened, in the order of time. */
export function logLines(records: readonly HistoryRecord[]): readonly string[] {
  return records.flatMap(happenings)
    .toSorted((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
    .map(({ time, text }) => `${time} ${text}`);
}

function happenings(record: HistoryRecord): { readonly time: string; readonly text: string }[] {
  switch (record.kind) {
    case "event": {
      const { time, node, key, event, ms, result, outcome } = record;
      const sign = result === "rejected" ? "REJECTED " : "";
      return [{ time, text: `${node} ${sign}${key} ${event}: ${outcome} (${ms} ms)` }];
    }
    case "term": {
      const { node, term, began, ended, how } = record;
      const beginning = { time: began, text: `${node} leads, term ${term}` };
      if (ended === null) return [beginning];
      const lasted = formatDuration(Date.parse(ended) - Date.parse(began));
      const text = `${node} leads no longer, after ${lasted}: ${how ?? "nobody knows why"}`;
      return [beginning, { time: ended, text }];
    }
  }
}
