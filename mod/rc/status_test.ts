import { assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry } from "../consul/mod.ts";
import { formatHistory, type HistoryRecord } from "../kv/history.ts";
import { linesText } from "../lib/lines.ts";
import { eventsAmong, logLines, recordsIn } from "./log_lines.ts";
import { type RcStatus, rcStatusLines } from "./status.ts";

const quiet: RcStatus = {
  leader: { node: "a", term: 17, since: "2026-11-24T03:10:00.000Z" },
  candidates: ["a", "b", "c"],
  paused: null,
  queues: { eq: 0, eqRejected: 0, bq: 0, timeout: 0 },
  oldest: null,
  lastError: null,
  nextTimeout: null,
};
const NOW = Date.parse("2026-11-24T05:13:00.000Z");

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

const records: readonly HistoryRecord[] = [
  {
    kind: "event",
    term: 1,
    node: "a",
    key: "eq/000000002",
    event: "drive {",
    time: "2026-11-24T03:10:02.000Z",
    ms: 4,
    result: "rejected",
    outcome: "moved aside",
  },
  {
    kind: "term",
    term: 1,
    node: "a",
    began: "2026-11-24T03:10:00.000Z",
    ended: "2026-11-24T03:10:03.000Z",
    how: "this process stops",
  },
  {
    kind: "event",
    term: 1,
    node: "a",
    key: "eq/000000001",
    event: "wake_RC",
    time: "2026-11-24T03:10:01.000Z",
    ms: 3,
    result: "handled",
    outcome: "looks",
  },
  {
    kind: "term",
    term: 2,
    node: "b",
    began: "2026-11-24T03:10:03.100Z",
    ended: null,
    how: null,
  },
];

Deno.test("logLines() tells what happened in the order of time", () => {
  assertEquals(logLines(records), [
    "2026-11-24T03:10:00.000Z a leads, term 1",
    "2026-11-24T03:10:01.000Z a eq/000000001 wake_RC: looks (3 ms)",
    "2026-11-24T03:10:02.000Z a REJECTED eq/000000002 drive {: moved aside (4 ms)",
    "2026-11-24T03:10:03.000Z a leads no longer, after 3 s: this process stops",
    "2026-11-24T03:10:03.100Z b leads, term 2",
  ]);
  assertEquals(eventsAmong(records).map(({ key }) => key), ["eq/000000001", "eq/000000002"]);
});

Deno.test("recordsIn() reads what is written, and leaves out what cannot be read", () => {
  const entry = (value: string): KvEntry => ({
    key: "hare/history/x",
    value,
    flags: 0,
    session: null,
    lockIndex: 0,
    createIndex: 1,
    modifyIndex: 1,
  });
  const entries = [...records.map(formatHistory), "", '{"kind": "tea"}'].map(entry);
  assertEquals(recordsIn(entries), records);
});
