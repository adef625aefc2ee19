import { assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry } from "../consul/mod.ts";
import type { EventRecord, HistoryRecord } from "../kv/history.ts";
import { linesText } from "../lib/lines.ts";
import { eventsIn, logLines } from "./log_lines.ts";
import { type RcStatus, rcStatusLines } from "./status.ts";

const quiet: RcStatus = {
  leader: { node: "a", term: 17, since: "2026-11-24T03:10:00.000Z", keySays: null },
  candidates: ["a", "b", "c"],
  paused: null,
  queues: { eq: 0, eqRejected: 0, bq: 0, timeout: 0 },
  oldest: null,
  lastError: null,
  nextTimeout: null,
};
const NOW = new Date("2026-11-24T05:13:00.000Z");

Deno.test("rcStatusLines() of a quiet coordinator", () => {
  assertEquals(
    linesText(rcStatusLines(quiet, NOW)),
    `leader       a, term 17, since 2026-11-24T03:10:00.000Z (2 h 3 m)
stand by     b, c
events       none waits
moved aside  none
broadcasts   none waits
timeouts     none
last error   none in this term
`,
  );
});

Deno.test("rcStatusLines() of one that is paused with a lot to do, and no leader", () => {
  const busy: RcStatus = {
    leader: null,
    candidates: [],
    paused: { by: "a", since: "2026-11-24T05:00:00.000Z", why: "drive 17" },
    queues: { eq: 3, eqRejected: 1, bq: 2, timeout: 4 },
    oldest: { key: "eq/000000017", since: "2026-11-24T05:12:56.000Z" },
    lastError: { time: "2026-11-24T05:12:00.000Z", what: "eq/000000016 moved" },
    nextTimeout: { key: "timeout/202611240514.00", due: "2026-11-24T05:14:00.000Z" },
  };
  assertEquals(
    linesText(rcStatusLines(busy, NOW)),
    `PAUSED by a since 2026-11-24T05:00:00.000Z: drive 17
leader       NOBODY
stand by     none
events       3 wait; eq/000000017 for 4 s
moved aside  1: see \`hare event list\`
broadcasts   2 wait for some hax
timeouts     4; timeout/202611240514.00 is due 2026-11-24T05:14:00.000Z
last error   2026-11-24T05:12:00.000Z eq/000000016 moved
`,
  );
});

const event: Omit<EventRecord, "key" | "time"> = {
  ...{ kind: "event", term: 1, node: "a", ms: 4, event: "wake_RC" },
  ...{ result: "handled", outcome: "looks" },
};
const term = { kind: "term", node: "a", ended: null, how: null } as const;

/** Entries of the history; a record's index is its place. */
function history(...records: readonly (HistoryRecord & { readonly endedAt?: number })[]) {
  return records.map(({ endedAt, ...record }, i): KvEntry => {
    const createIndex = 10 + i;
    return {
      key: `hare/history/${record.kind === "event" ? record.time : record.began}-${i}`,
      value: JSON.stringify(record),
      ...{ flags: 0, session: null, lockIndex: 0, createIndex },
      modifyIndex: endedAt === undefined ? createIndex : 10 + endedAt,
    };
  });
}

Deno.test("logLines() tells what happened in the order of Consul's index, whatever the clocks said", () => {
  const rejected = { result: "rejected", event: "drive {", outcome: "moved aside" } as const;
  const entries = history(
    {
      ...{ ...term, term: 1, began: "2026-11-24T03:10:00.000Z" },
      ...{ ended: "2026-11-24T03:10:03.000Z", how: "this process stops", endedAt: 3 },
    },
    { ...event, ...rejected, key: "eq/000000001", time: "2026-11-24T03:10:01.000Z" },
    // The clock was set an hour back.
    { ...event, key: "eq/000000002", time: "2026-11-24T02:10:02.000Z" },
    {
      ...{ ...term, node: "b", term: 2, began: "2026-11-24T03:10:03.100Z" },
      ...{ ended: "2026-11-24T02:10:05.000Z", how: "was lost", endedAt: 4 },
    },
    { ...term, node: "c", term: 3, began: "2026-11-24T02:10:05.000Z" },
  );
  const byKey = entries.toSorted((a, b) => a.key < b.key ? -1 : 1);
  assertEquals(logLines(byKey), [
    "2026-11-24T03:10:00.000Z a leads, term 1",
    "2026-11-24T03:10:01.000Z a REJECTED eq/000000001 drive {: moved aside (4 ms)",
    "2026-11-24T02:10:02.000Z a eq/000000002 wake_RC: looks (4 ms)",
    "2026-11-24T03:10:03.000Z a leads no longer, after 3 s: this process stops",
    "2026-11-24T03:10:03.100Z b leads, term 2",
    "2026-11-24T02:10:05.000Z b leads no longer: was lost",
    "2026-11-24T02:10:05.000Z c leads, term 3",
  ]);
  assertEquals(eventsIn(byKey).map(({ key }) => key), ["eq/000000001", "eq/000000002"]);
});

Deno.test("eventsIn() leaves out what cannot be read, and tells events of one transaction by number", () => {
  const time = "2026-11-24T03:10:01.000Z";
  const [first, ...others] = Array.from(
    { length: 11 },
    (_, i) => ({ ...event, key: `eq/${i}`, time }),
  );
  if (first === undefined) throw new Error("there are events");
  const entries = history(first, ...others).map((entry) => ({ ...entry, createIndex: 7 }));
  const [unreadable = entries[0]] = history({ ...first, time: "yesterday" });
  const listed = [...entries, ...unreadable === undefined ? [] : [unreadable]]
    .toSorted((a, b) => a.key < b.key ? -1 : 1);
  assertEquals(eventsIn(listed).map(({ key }) => key), [first, ...others].map(({ key }) => key));
});
