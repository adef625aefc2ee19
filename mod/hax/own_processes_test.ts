import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import type { ConfProcess } from "../kv/cluster.ts";
import { EQ_PREFIX, processKey } from "../kv/keys.ts";
import { formatFid, makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { OwnProcesses } from "./own_processes.ts";
import type { Report } from "./transition.ts";

const NINE = makeFid("process", 9);
const OTHER = makeFid("process", 99);

const PROCESS_NINE: ConfProcess = {
  node: "node1",
  fidk: 9,
  fid: NINE,
  types: ["ios"],
  endpoint: "ep",
};

/** A node with process 9, on an empty KV; pauses pass at once. */
function fixture(queueCapacity?: number) {
  const kv = new FakeKv();
  const pids = new Set([1, 2]);
  let own: readonly ConfProcess[] = [PROCESS_NINE];
  let recorded = 0;
  const processes = new OwnProcesses({
    consul: { kv: kv.kv, txn: kv.txn.bind(kv) },
    clock: {
      now: () => 0,
      monotonic: () => 0,
      sleep: (_, signal) => signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(),
    },
    random: () => 0,
    startOf: (pid) => pids.has(pid) ? pid * 10 : null,
    isOfUnit: () => true,
    boot: "now",
    log: loggerOf("test"),
    queueCapacity,
    own: () => own,
    onRecorded: () => recorded += 1,
  });
  return {
    kv,
    pids,
    processes,
    /** The configuration has it no more. */
    forgetNine: () => own = [],
    state: () => JSON.parse(kv.value(processKey(NINE)) ?? "{}").state,
    events: () => kv.entries(EQ_PREFIX).length,
    recorded: () => recorded,
  };
}

/** Records all that is taken within `act`, and ends then. */
async function recording(processes: OwnProcesses, act: (recorded: () => Promise<void>) => unknown) {
  const ended = new AbortController();
  const running = processes.record(ended.signal);
  await act(async () => {
    while (processes.queue.length > 0) await settle();
  });
  ended.abort();
  await running;
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
  const { processes, state, pids } = fixture();
  assertEquals([processes.has(NINE), processes.has(OTHER)], [true, false]);
  assertEquals(processes.report(OTHER, report("starting")), "not of this node");
  assertEquals(processes.isUp(NINE), false);
  assertEquals(processes.look(NINE), { record: null, presence: "gone" });
  await recording(processes, () => {
    assertEquals(processes.report(NINE, report("starting")), "taken");
    assertEquals(processes.report(NINE, report("started")), "taken");
  });
  assertEquals(state(), "M0_CONF_HA_PROCESS_STARTED");
  assertEquals(processes.isUp(NINE), true);
  pids.delete(1);
  assertEquals(processes.isUp(NINE), false, "its record says so, the kernel does not");
});

Deno.test("a report that does not fit is refused", () => {
  const { processes } = fixture(1);
  assertEquals(
    [report("starting"), report("started")].map((one) => processes.report(NINE, one)),
    ["taken", "not now"],
  );
});

Deno.test("what is said after the death of who says it is no start", async () => {
  const { processes, state, pids } = fixture();
  pids.clear();
  await recording(processes, () => processes.report(NINE, report("started")));
  assertEquals(state(), undefined);
});

Deno.test("a death without a word is recorded once, of each generation", async () => {
  const { processes, pids, state, events } = fixture();
  await recording(processes, async (recorded) => {
    for (const pid of [1, 2]) {
      for (const event of ["starting", "started"] as const) {
        processes.report(NINE, report(event, pid));
      }
      await recorded();
      processes.look(NINE);
      assertEquals(processes.queue.length, 0, "it is there");
      pids.delete(pid);
      for (let i = 0; i < 3; i++) processes.look(NINE);
      assertEquals(processes.queue.length, 1);
      await recorded();
      assertEquals(state(), "M0_CONF_HA_PROCESS_STOPPED");
    }
    processes.look(NINE);
    assertEquals(processes.queue.length, 0, "who has stopped does not die");
  });
  assertEquals(events(), 6);
});

Deno.test("a death for which there is no room is recorded later", async () => {
  const { processes, pids, state } = fixture(1);
  await recording(processes, async (recorded) => {
    processes.report(NINE, report("started"));
    await recorded();
    processes.report(NINE, report("started")); // a repetition, which takes the room
    pids.delete(1);
    processes.look(NINE);
    await recorded();
    assertEquals(state(), "M0_CONF_HA_PROCESS_STARTED");
    processes.look(NINE);
    await recorded();
    assertEquals(state(), "M0_CONF_HA_PROCESS_STOPPED");
  });
});

Deno.test("a record of an earlier boot is of a process that has died", async () => {
  const { processes, kv, state } = fixture();
  const record = { state: "M0_CONF_HA_PROCESS_STARTED", type: "M0D", pid: 1, generation: 4 };
  kv.set(processKey(NINE), JSON.stringify({ ...record, boot: "before" }));
  kv.set(processKey(OTHER), JSON.stringify(record));
  await processes.load([PROCESS_NINE], new AbortController().signal);
  assertEquals(processes.look(OTHER).record, null);
  await recording(processes, () => {
    assertEquals(processes.look(NINE).presence, "before this boot");
    assertEquals(processes.isUp(NINE), false, "though there is one with its pid");
  });
  assertEquals(state(), "M0_CONF_HA_PROCESS_STOPPED");
});

Deno.test("the last thing that a process said is kept until there is room", async () => {
  await using log = await captureLog();
  const { processes, state, events } = fixture(1);
  for (const event of ["starting", "started", "stopping"] as const) {
    processes.hear(NINE, report(event));
  }
  assertEquals(log.matching(/no room to record/).length, 2);
  assertEquals(processes.queue.length, 1);
  await recording(processes, async (recorded) => {
    await recorded();
    await patrol(processes);
    await recorded();
    assertEquals([state(), events()], ["M0_CONF_HA_PROCESS_STOPPING", 2]);
    await patrol(processes);
    assertEquals(processes.queue.length, 0, "it is kept no longer");
  });
});

Deno.test("a death is seen without anybody asking", async () => {
  const { processes, pids, state } = fixture();
  await recording(processes, async (recorded) => {
    processes.report(NINE, report("started"));
    await recorded();
    pids.delete(1);
    await patrol(processes);
  });
  assertEquals(state(), "M0_CONF_HA_PROCESS_STOPPED");
});

Deno.test("what was kept gives way to what the process says next", async () => {
  await using log = await captureLog();
  const { processes, state, events } = fixture(1);
  processes.hear(NINE, report("starting"));
  processes.hear(NINE, report("started"));
  await recording(processes, async (recorded) => {
    await recorded();
    processes.hear(NINE, report("stopped"));
    await recorded();
    await patrol(processes);
    assertEquals(processes.queue.length, 0);
  });
  assertEquals([state(), events()], ["M0_CONF_HA_PROCESS_STOPPED", 2]);
  assertEquals(log.matching(/^(warning|error)/).length, 1, "that it was kept, and no more");
});

Deno.test("a report of a process that is not of this node is named, and not kept", async () => {
  await using log = await captureLog();
  const { processes, forgetNine } = fixture(0);
  processes.hear(OTHER, report("started"));
  assertEquals(log.matching(/the configuration has it on no or another node/).length, 1);
  processes.hear(NINE, report("started"));
  forgetNine();
  for (let i = 0; i < 3; i++) await patrol(processes);
  assertEquals(log.matching(/the configuration has it on no or another node/).length, 2);
});

Deno.test("OwnProcesses are measured", async () => {
  const { processes, forgetNine } = fixture(5);
  const samples = () =>
    Object.fromEntries(
      processes.metrics().map(({ name, samples }) => [
        name,
        samples.map(({ labels, value }) => [...Object.values(labels), value].join(" ")),
      ]),
    );
  await recording(processes, async (recorded) => {
    for (const event of ["starting", "starting", "stopped"] as const) {
      processes.report(NINE, report(event));
    }
    assertEquals(samples()["hare_hax_queue_length"], ["3"]);
    await recorded();
  });
  assertEquals(samples(), {
    hare_hax_queue_length: ["0"],
    hare_hax_queue_capacity: ["5"],
    hare_hax_process_state: [`${formatFid(NINE)} M0D STOPPED 1`],
    hare_hax_process_events_total: [
      "starting recorded 1",
      "starting repeated 1",
      "stopped recorded 1",
    ],
  });
  forgetNine();
  assertEquals(samples()["hare_hax_process_state"], []);
});
