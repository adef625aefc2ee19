import { assertEquals } from "../../tests/lib/assert.ts";
import { queued, report, world } from "../../tests/hax/recorder_world.ts";
import { PROCESSES_PREFIX, processKey } from "../kv/keys.ts";
import { formatFid, makeFid } from "../lib/fid.ts";

const fid = makeFid("process", 9);

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
  const known = { boot: "now", start: 10 };
  assertEquals(JSON.parse(kv.value(processKey(fid)) ?? ""), { ...record, ...known });
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
