import fc from "fast-check";
import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { assertEquals } from "../../tests/lib/assert.ts";
import { EQ_PREFIX, PROCESSES_PREFIX, processKey } from "../kv/keys.ts";
import type { Clock } from "../lib/clock.ts";
import { type Fid, formatFid, makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { Recorder } from "./recorder.ts";
import { ProcessRecords } from "./records.ts";
import type { ProcessEvent, Report } from "./transition.ts";

const fid = makeFid("process", 9);

interface World {
  readonly kv: FakeKv;
  readonly recorder: Recorder;
  readonly records: ProcessRecords;
  /** Pids that are there. */
  readonly pids: Set<number>;
  /** What became of the events: `recorded`, or the reason why not. */
  readonly outcomes: string[];
  /** Records what was offered. */
  finish(): Promise<void>;
}

/** A node with an empty KV; pauses pass at once. */
function world(options: { capacity?: number } = {}): World {
  const kv = new FakeKv();
  const log = loggerOf("test");
  const pids = new Set([1, 2, 3]);
  const outcomes: string[] = [];
  const clock: Clock = { now: () => 0, sleep: () => Promise.resolve() };
  const consul = { kv: kv.kv, txn: kv.txn.bind(kv) };
  const records = new ProcessRecords({ consul, boot: "now", log });
  const recorder = new Recorder(records, {
    clock,
    random: () => 0,
    log,
    boot: "now",
    pidExists: (pid) => pids.has(pid),
    onOutcome: (_, transition) => outcomes.push(transition.applied ? "recorded" : transition.why),
    ...options,
  });
  return {
    kv,
    recorder,
    records,
    pids,
    outcomes,
    finish: async () => {
      recorder.close();
      await recorder.run(new AbortController().signal);
    },
  };
}

function report(event: Report["event"], pid: number, type: Report["type"] = "M0D"): ProcessEvent {
  return { kind: "report", report: { event, type, pid }, reporterExists: true };
}

/** The events on the event queue, shortened to `<key> <state> <pid> <generation>`. */
function queued(kv: FakeKv): string[] {
  return kv.entries(EQ_PREFIX).map(({ key, value }) => {
    const body = JSON.parse(value.replace(/^process /, ""));
    return `${key} ${body.state.replace("M0_CONF_HA_PROCESS_", "")} ${body.pid} ${body.generation}`;
  });
}

Deno.test("Recorder writes a record and its event", async () => {
  const { kv, recorder, finish } = world();
  recorder.offer(fid, report("starting", 1));
  await finish();
  const record = {
    state: "M0_CONF_HA_PROCESS_STARTING",
    type: "M0D",
    pid: 1,
    generation: 1,
  };
  assertEquals(JSON.parse(kv.value(processKey(fid)) ?? ""), { ...record, boot: "now" });
  const body = JSON.stringify({ fid: formatFid(fid), ...record });
  assertEquals(kv.value("eq/000000001"), `process ${body}`);
  assertEquals(kv.value("epoch"), "1");
});

Deno.test("Recorder goes on in order when Consul was away, and when an answer was lost", async () => {
  const { kv, recorder, outcomes, finish } = world();
  kv.failures.push("away", "committed without an answer", "away", "away");
  for (const event of ["starting", "started", "stopping", "stopped"] as const) {
    recorder.offer(fid, report(event, 1));
  }
  await finish();
  assertEquals(queued(kv), [
    "eq/000000001 STARTING 1 1",
    "eq/000000002 STARTED 1 1",
    "eq/000000003 STOPPING 1 1",
    "eq/000000004 STOPPED 1 1",
  ]);
  assertEquals(outcomes, ["repeated", "recorded", "recorded", "recorded"]);
});

Deno.test("Recorder passes over an entry that was typed by hand", async () => {
  const { kv, recorder, finish } = world();
  kv.set("epoch", "6");
  kv.set("eq/000000007", "wake_RC");
  recorder.offer(fid, report("starting", 1));
  await finish();
  assertEquals(kv.value("eq/000000007"), "wake_RC");
  assertEquals(kv.value("eq/000000008")?.startsWith("process "), true);
  assertEquals(kv.value("epoch"), "8");
});

Deno.test("Recorder takes up a record that somebody else has written", async () => {
  const { kv, recorder, records, finish } = world();
  await records.load([fid], new AbortController().signal);
  recorder.offer(fid, report("started", 1));
  kv.set(processKey(fid), '{"state": "M0_CONF_HA_PROCESS_STOPPED", "pid": 3, "generation": 7}');
  await finish();
  assertEquals(queued(kv), ["eq/000000001 STARTED 1 8"]);
});

Deno.test("Recorder replaces a record that makes no sense", async () => {
  const { kv, recorder, records, finish } = world();
  kv.set(processKey(fid), "rubbish");
  await records.load([fid], new AbortController().signal);
  assertEquals(records.get(fid), null);
  recorder.offer(fid, report("started", 1));
  await finish();
  assertEquals(records.get(fid)?.state, "STARTED");
});

Deno.test("Recorder records first that the process before died without a word", async () => {
  const { kv, pids, recorder, finish } = world();
  recorder.offer(fid, report("starting", 1));
  recorder.offer(fid, report("started", 1));
  recorder.offer(fid, report("starting", 2));
  pids.delete(1);
  await finish();
  assertEquals(queued(kv), [
    "eq/000000001 STARTING 1 1",
    "eq/000000002 STARTED 1 1",
    "eq/000000003 STOPPED 1 1",
    "eq/000000004 STARTING 2 2",
  ]);
});

Deno.test("Recorder goes on with the generations that are in KV", async () => {
  const first = world();
  first.recorder.offer(fid, report("starting", 1));
  first.recorder.offer(fid, report("stopped", 1));
  await first.finish();
  const second = world();
  for (const { key, value } of first.kv.entries("")) second.kv.set(key, value);
  await second.records.load([fid], new AbortController().signal);
  second.recorder.offer(fid, report("stopped", 1));
  second.recorder.offer(fid, report("starting", 2));
  await second.finish();
  assertEquals(second.outcomes, ["repeated", "recorded"]);
  assertEquals(queued(second.kv).at(-1), "eq/000000003 STARTING 2 2");
});

Deno.test("ProcessRecords.load() leaves other nodes' records alone", async () => {
  const { kv, records } = world();
  const record = '{"state": "M0_CONF_HA_PROCESS_STARTED"}';
  kv.set(processKey(fid), record);
  kv.set(`${PROCESSES_PREFIX}0x7200000000000001:0x96`, record);
  kv.set(`${PROCESSES_PREFIX}rubbish`, record);
  await records.load([fid], new AbortController().signal);
  assertEquals(records.get(fid)?.state, "STARTED");
  assertEquals(records.get(makeFid("process", 0x96)), null);
});

Deno.test("Recorder refuses what does not fit", async () => {
  const { recorder, finish, outcomes } = world({ capacity: 2 });
  const offered = ["starting", "started", "stopping"] as const;
  assertEquals(offered.map((e) => recorder.offer(fid, report(e, 1))), [true, true, false]);
  await finish();
  assertEquals(outcomes, ["recorded", "recorded"]);
});

// Several processes report, in any interleaving, while Consul comes and goes.
Deno.test("Recorder keeps each process's order, and the queue's last event is the record", async () => {
  const step = fc.record({
    process: fc.integer({ min: 1, max: 3 }),
    event: fc.constantFrom("starting", "started", "stopping", "stopped" as const),
    pid: fc.integer({ min: 1, max: 3 }),
    type: fc.constantFrom("M0D", "M0MKFS" as const),
  });
  const failure = fc.constantFrom("away" as const, "committed without an answer" as const);
  await fc.assert(fc.asyncProperty(
    fc.array(step, { maxLength: 20 }),
    fc.array(failure, { maxLength: 5 }),
    async (steps, failures) => {
      const { kv, recorder, records, finish } = world();
      kv.failures.push(...failures);
      for (const { process, event, pid, type } of steps) {
        recorder.offer(makeFid("process", process), report(event, pid, type));
      }
      await finish();
      const events = kv.entries(EQ_PREFIX)
        .map(({ value }) => JSON.parse(value.replace(/^process /, "")));
      assertEquals(kv.value("epoch") ?? "0", String(events.length));
      for (const process of [1, 2, 3]) {
        const own: Fid = makeFid("process", process);
        const last = events.findLast((event) => event.fid === formatFid(own));
        const { fid: _, ...record } = last ?? {};
        const stored = kv.value(processKey(own));
        assertEquals(stored && JSON.parse(stored), last && { ...record, boot: "now" });
        assertEquals(records.get(own)?.generation, last?.generation);
      }
    },
  ));
});
