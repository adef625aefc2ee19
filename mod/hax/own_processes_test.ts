import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import type { ConfProcess } from "../kv/cluster.ts";
import { processKey } from "../kv/keys.ts";
import { makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { OwnProcesses } from "./own_processes.ts";
import type { Report } from "./transition.ts";

const NINE = makeFid("process", 9);
const OTHER = makeFid("process", 99);

/** A node with process 9, on an empty KV; pauses pass at once. */
function fixture(queueCapacity?: number) {
  const kv = new FakeKv();
  const pids = new Set([1, 2]);
  const own: readonly ConfProcess[] = [
    { node: "node1", fidk: 9, fid: NINE, types: ["ios"], endpoint: "ep" },
  ];
  const processes = new OwnProcesses({
    consul: { kv: kv.kv, txn: kv.txn.bind(kv) },
    clock: {
      now: () => 0,
      sleep: (_, signal) => signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(),
    },
    random: () => 0,
    pidExists: (pid) => pids.has(pid),
    boot: "now",
    log: loggerOf("test"),
    queueCapacity,
    own: () => own,
  });
  return {
    kv,
    pids,
    processes,
    state: () => JSON.parse(kv.value(processKey(NINE)) ?? "{}").state,
    /** Records what was taken, and no more. */
    record: () => processes.record(AbortSignal.abort()),
  };
}

const report = (event: Report["event"], pid = 1): Report => ({ event, type: "M0D", pid });

/** Looks after the processes once. */
async function patrol(processes: OwnProcesses): Promise<void> {
  const reason = new RangeError("enough");
  await processes.patrol(AbortSignal.abort(reason)).catch((error) => {
    if (error !== reason) throw error;
  });
}

Deno.test("a report is recorded, of this node's processes only", async () => {
  const { processes, state, record } = fixture();
  assertEquals(processes.report(OTHER, report("starting")), "not of this node");
  assertEquals(processes.report(NINE, report("starting")), "taken");
  assertEquals(processes.report(NINE, report("started")), "taken");
  await record();
  assertEquals(state(), "M0_CONF_HA_PROCESS_STARTED");
  assertEquals(processes.isUp(NINE), true);
});

Deno.test("a death without a word is recorded once", async () => {
  const { processes, pids, state, kv } = fixture();
  for (const event of ["starting", "started"] as const) processes.report(NINE, report(event));
  pids.delete(1);
  const ended = new AbortController();
  const recording = processes.record(ended.signal);
  while (processes.queue.length > 0) await settle();
  for (let i = 0; i < 3; i++) processes.look(NINE);
  assertEquals(processes.queue.length, 1);
  ended.abort();
  await recording;
  assertEquals(state(), "M0_CONF_HA_PROCESS_STOPPED");
  assertEquals(kv.entries("eq/").length, 3);
});

Deno.test("the last thing that a process said is kept until there is room", async () => {
  await using log = await captureLog();
  const { processes, state, kv } = fixture(1);
  for (const event of ["starting", "started", "stopping"] as const) {
    processes.hear(NINE, report(event));
  }
  assertEquals(log.matching(/no room to record/).length, 2);
  const kept = processes.queue;
  assertEquals([kept.length, kept.capacity], [1, 1]);
  const ended = new AbortController();
  const recording = processes.record(ended.signal);
  while (processes.queue.length > 0) await settle();
  await patrol(processes);
  ended.abort();
  await recording;
  assertEquals(state(), "M0_CONF_HA_PROCESS_STOPPING");
  assertEquals(kv.entries("eq/").length, 2, "one of those between was not recorded");
});

Deno.test("a report of a process that is not of this node is named", async () => {
  await using log = await captureLog();
  fixture().processes.hear(OTHER, report("started"));
  assertEquals(log.matching(/the configuration has it on no or another node/).length, 1);
});
