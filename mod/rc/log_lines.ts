/**
 * The history as lines: who led, and what became of each event.
 *
 * @module
 */

import type { KvEntry } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import { type EventRecord, type HistoryRecord, parseHistory } from "../kv/history.ts";
import { formatDuration } from "../lib/duration.ts";

/** The events in the history, in the order in which they were handled. */
export function eventsIn(entries: readonly KvEntry[]): readonly EventRecord[] {
  return recordsIn(entries).flatMap(({ record }) => record.kind === "event" ? [record] : []);
}

/** One line for each record, in the order of the writes to Consul. */
export function logLines(entries: readonly KvEntry[]): readonly string[] {
  return recordsIn(entries).flatMap(happenings)
    .toSorted((a, b) => a.index - b.index)
    .map(({ time, text }) => `${time} ${text}`);
}

interface Recorded {
  readonly record: HistoryRecord;
  readonly entry: KvEntry;
}

/**
 * The valid records, in the order of Consul's index. The times in the records and keys come from
 * the wall clocks of several hosts, which differ and may be set back.
 */
function recordsIn(entries: readonly KvEntry[]): readonly Recorded[] {
  return entries.flatMap((entry) => {
    try {
      return [{ record: parseHistory(entry), entry }];
    } catch (error) {
      if (error instanceof KvValueError) return [];
      throw error;
    }
  }).toSorted((a, b) =>
    a.entry.createIndex - b.entry.createIndex ||
    a.entry.key.localeCompare(b.entry.key, "en", { numeric: true })
  );
}

interface Happening {
  readonly index: number;
  readonly time: string;
  readonly text: string;
}

function happenings({ record, entry }: Recorded): readonly Happening[] {
  switch (record.kind) {
    case "event": {
      const { time, node, key, event, ms, result, outcome } = record;
      const sign = result === "rejected" ? "REJECTED " : "";
      const text = `${node} ${sign}${key} ${event}: ${outcome} (${ms} ms)`;
      return [{ index: entry.createIndex, time, text }];
    }
    case "term": {
      const { node, term, began, ended, how } = record;
      const text = `${node} leads, term ${term}`;
      const beginning = { index: entry.createIndex, time: began, text };
      if (ended === null) return [beginning];
      const lasted = Date.parse(ended) - Date.parse(began);
      const after = lasted < 0 ? "" : `, after ${formatDuration(lasted)}`;
      const end = `${node} leads no longer${after}: ${how ?? "nobody knows why"}`;
      // The first record of the next term is in the same transaction, and comes after this one.
      return [beginning, { index: entry.modifyIndex - 0.5, time: ended, text: end }];
    }
  }
}
