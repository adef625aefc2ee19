import fc from "fast-check";
import {
  events,
  queued,
  report,
  world,
  type WorldOptions,
} from "../../tests/hax/recorder_world.ts";
import { assertEquals } from "../../tests/lib/assert.ts";
import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { MAX_TXN_OPS } from "../consul/mod.ts";
import { EPOCH, eqKey, processKey } from "../kv/keys.ts";
import { type Fid, formatFid, makeFid } from "../lib/fid.ts";
import { MAX_HAPPENINGS } from "./records.ts";
import { apply, type BootRecord } from "./transition.ts";

const one = makeFid("process", 1);
const two = makeFid("process", 2);
const three = makeFid("process", 3);

/** A node on which each of these processes starts. */
function starting(fids: readonly Fid[], options: WorldOptions = {}) {
  const node = world(options);
  for (const fid of fids) node.recorder.offer(fid, report("starting", 1));
  return node;
}

/** Numbers and processes of the events on the queue. */
function numbered(kv: Parameters<typeof events>[0]): string[] {
  return events(kv).map(({ key, fid }) => `${key} ${fid}`);
}

const inOrder = (fids: readonly Fid[], first = 1) =>
  fids.map((fid, i) => `${eqKey(first + i)} ${formatFid(fid)}`);

Deno.test("Recorder records what waits in one transaction, in order", async () => {
  const { kv, outcomes, tried, finish } = starting([two, one, three]);
  await finish();
  assertEquals(numbered(kv), inOrder([two, one, three]));
  assertEquals(kv.value(EPOCH), "3");
  assertEquals(outcomes, ["recorded", "recorded", "recorded"]);
  assertEquals(tried.length, 1);
});

Deno.test("Recorder splits what one transaction does not take", async () => {
  const fids = Array.from({ length: 2 * MAX_HAPPENINGS + 1 }, (_, i) => makeFid("process", i));
  const { kv, tried, finish } = starting(fids);
  await finish();
  assertEquals(numbered(kv), inOrder(fids));
  assertEquals(tried.map((ops) => ops.length), [MAX_TXN_OPS - 1, MAX_TXN_OPS - 1, 3]);
});

Deno.test("Recorder gives each event of a process a transaction of its own", async () => {
  const { kv, recorder, tried, finish } = starting([one, two]);
  recorder.offer(one, report("started", 1));
  recorder.offer(three, report("starting", 1));
  await finish();
  assertEquals(numbered(kv), inOrder([one, two, one, three]));
  assertEquals(tried.map((ops) => ops.length), [5, 5]);
});

Deno.test("Recorder rests when it has written, and what comes meanwhile goes together", async () => {
  const clock = new FakeClock();
  const { kv, recorder, tried } = starting([one], { clock });
  const running = recorder.run(new AbortController().signal);
  await settle();
  for (const fid of [two, three]) {
    recorder.offer(fid, report("starting", 1));
    await settle();
    assertEquals(numbered(kv), inOrder([one]));
  }
  await clock.advance(100);
  assertEquals(numbered(kv), inOrder([one, two, three]));
  assertEquals(tried.length, 2);
  recorder.close();
  await running;
});

Deno.test("Recorder finds out what was committed without an answer", async () => {
  const { kv, outcomes, finish } = starting([one, two, three]);
  kv.failures.push("committed without an answer");
  await finish();
  assertEquals(numbered(kv), inOrder([one, two, three]));
  assertEquals(outcomes, ["repeated", "repeated", "repeated"]);
});

Deno.test("Recorder counts on when others have counted meanwhile", async () => {
  let others = 5;
  const { kv, tried, finish } = starting([one, two], {
    beforeTxn: ({ kv }) => others-- > 0 && kv.set(EPOCH, String(100 - others)),
  });
  await finish();
  assertEquals(numbered(kv), inOrder([one, two], 101));
  assertEquals(tried.length, 6);
});

Deno.test("Recorder reads the one record again that somebody else has written", async () => {
  const stopped = '{"state": "M0_CONF_HA_PROCESS_STOPPED", "pid": 3, "generation": 7}';
  const { kv, outcomes, finish } = starting([one, two, three], {
    beforeTxn: ({ tried, kv }) => {
      if (tried.length === 1) kv.set(processKey(two), stopped);
    },
  });
  await finish();
  assertEquals(events(kv).map(({ generation }) => generation), [1, 8, 1]);
  assertEquals(outcomes, ["recorded", "recorded", "recorded"]);
});

Deno.test("Recorder passes over an entry that was typed by hand amid its numbers", async () => {
  const { kv, finish } = starting([one, two, three]);
  kv.set(EPOCH, "6");
  kv.set(eqKey(8), "wake_RC");
  await finish();
  assertEquals(kv.value(eqKey(8)), "wake_RC");
  assertEquals(numbered(kv), inOrder([one, two, three], 9));
  assertEquals(kv.value(EPOCH), "11");
});

Deno.test("Recorder keeps a death in its place between what others report", async () => {
  const { kv, recorder, pids, finish } = world();
  recorder.offer(two, report("started", 1));
  recorder.offer(one, report("starting", 3));
  recorder.offer(two, report("starting", 2));
  recorder.offer(three, report("starting", 3));
  pids.delete(1);
  await finish();
  assertEquals(queued(kv), [
    `${eqKey(1)} STARTED 1 1`,
    `${eqKey(2)} STARTING 3 1`,
    `${eqKey(3)} STOPPED 1 1`,
    `${eqKey(4)} STARTING 2 2`,
    `${eqKey(5)} STARTING 3 1`,
  ]);
});

Deno.test("Recorder notices a death that comes while Consul is away", async () => {
  const { kv, recorder, finish } = world({
    beforeTxn: ({ tried, kv, pids }) => {
      if (tried.length !== 2) return;
      kv.failures.push("away");
      pids.delete(1);
    },
  });
  recorder.offer(one, report("started", 1));
  recorder.offer(one, report("starting", 2));
  await finish();
  assertEquals(queued(kv), [
    `${eqKey(1)} STARTED 1 1`,
    `${eqKey(2)} STOPPED 1 1`,
    `${eqKey(3)} STARTING 2 2`,
  ]);
});

// Many processes report, in any interleaving, while Consul comes and goes and others count.
Deno.test("Recorder puts on the queue what one event after the other would, each once", async () => {
  const step = fc.record({
    process: fc.integer({ min: 1, max: 2 * MAX_HAPPENINGS }),
    event: fc.constantFrom("starting", "started", "stopping", "stopped" as const),
    pid: fc.integer({ min: 1, max: 3 }),
    type: fc.constantFrom("M0D", "M0MKFS" as const),
  });
  const failure = fc.constantFrom("away" as const, "committed without an answer" as const);
  const other = fc.constantFrom("counts" as const, "types" as const, "rests" as const);
  await fc.assert(fc.asyncProperty(
    fc.array(step, { maxLength: 4 * MAX_HAPPENINGS }),
    fc.array(failure, { maxLength: 5 }),
    fc.array(other, { maxLength: 10 }),
    async (steps, failures, others) => {
      const { kv, recorder, records, tried, finish } = world({
        beforeTxn: ({ kv }) => {
          const other = others.shift();
          const next = Number(kv.value(EPOCH) ?? 0) + 1;
          if (other === "counts") kv.set(EPOCH, String(next));
          if (other === "types") kv.set(eqKey(next), "wake_RC");
        },
      });
      kv.failures.push(...failures);
      const expected: string[] = [];
      const last = new Map<string, BootRecord>();
      for (const { process, event, pid, type } of steps) {
        const fid = makeFid("process", process);
        const happening = report(event, pid, type);
        recorder.offer(fid, happening);
        const transition = apply(last.get(formatFid(fid)) ?? null, happening);
        if (!transition.applied) continue;
        last.set(formatFid(fid), transition.record);
        const { state, generation } = transition.record;
        expected.push(`${formatFid(fid)} ${state} ${pid} ${generation}`);
      }
      await finish();
      const found = events(kv).map(({ fid, state, pid, generation }) =>
        `${fid} ${String(state).replace("M0_CONF_HA_PROCESS_", "")} ${pid} ${generation}`
      );
      assertEquals(found, expected);
      for (const [fid, record] of last) {
        const own = makeFid("process", Number(fid.split(":")[1]));
        assertEquals(records.get(own), record);
        assertEquals(JSON.parse(kv.value(processKey(own)) ?? "").generation, record.generation);
      }
      for (const ops of tried) {
        assertEquals(ops.length <= MAX_TXN_OPS, true);
        assertEquals(new Set(ops.map(({ key }) => key)).size, ops.length);
      }
    },
  ));
});
