import { captureLog } from "../../tests/lib/capture_log.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { HareError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import fc from "fast-check";
import { MAX_TXN_OPS } from "../consul/mod.ts";
import { enqueueFirst, MAX_ENTRIES } from "../kv/enqueue.ts";
import { EPOCH, EQ_PREFIX, eqKey } from "../kv/keys.ts";
import { EventSender } from "./event_sender.ts";

interface Options {
  readonly put?: (events: readonly string[]) => Promise<unknown>;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly capacity?: number;
}

/** A sender, and the events that it queued, those of a transaction together; time stands still. */
function fixture({ put, sleep, capacity }: Options = {}) {
  const queued: (readonly string[])[] = [];
  const pauses: number[] = [];
  const sender = new EventSender({
    put: async (events) => {
      await put?.(events);
      queued.push(events);
      return events.length;
    },
    clock: {
      now: () => 0,
      sleep: sleep ?? ((ms) => Promise.resolve(void pauses.push(ms))),
    },
    random: () => 1,
    log: loggerOf("test"),
    capacity,
  });
  return { queued, pauses, sender };
}

/** Fails so often before it succeeds. */
function failing(times: number): () => Promise<void> {
  let left = times;
  return () => left-- > 0 ? Promise.reject(new HareError("Consul is away")) : Promise.resolve();
}

const { signal } = new AbortController();

Deno.test("EventSender sends what waits together, in order, and ends when it is closed", async () => {
  const { sender, queued } = fixture();
  for (const n of [1, 2, 3]) assertEquals(sender.offer({ type: "io-error", body: { n } }), true);
  assertEquals(sender.length, 3);
  sender.close();
  assertEquals(sender.offer({ type: "late" }), false);
  await sender.run(signal);
  assertEquals(queued, [['io-error {"n":1}', 'io-error {"n":2}', 'io-error {"n":3}']]);
  assertEquals(sender.length, 0);
});

Deno.test("EventSender hands over no more than one transaction takes", async () => {
  const { sender, queued } = fixture();
  for (let n = 0; n < 2 * MAX_ENTRIES + 4; n++) sender.offer({ type: `e${n}` });
  sender.close();
  await sender.run(signal);
  assertEquals(queued.map(({ length }) => length), [MAX_ENTRIES, MAX_ENTRIES, 4]);
});

Deno.test("EventSender sends what comes while it sends, after what waits", async () => {
  const first = Promise.withResolvers<void>();
  const { sender, queued } = fixture({
    put: ([event]) => event === "a" ? first.promise : settle(),
  });
  const running = sender.run(signal);
  sender.offer({ type: "a" });
  await settle();
  sender.offer({ type: "b" });
  sender.offer({ type: "c" });
  await settle();
  assertEquals([queued, sender.length], [[], 3]);
  first.resolve();
  sender.close();
  await running;
  assertEquals(queued, [["a"], ["b", "c"]]);
});

Deno.test("EventSender puts on the queue each event, once, in order, whatever others do", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom("offer", "put", "counts", "types", "away"), { maxLength: 400 }),
    async (steps) => {
      const kv = new FakeKv();
      const next = () => Number(kv.value(EPOCH) ?? 0) + 1;
      const sizes: number[] = [];
      const sender = new EventSender({
        put: async (events, signal) => {
          const clock = { now: () => 0, sleep: () => Promise.resolve() };
          const txn: FakeKv["txn"] = (ops) => {
            sizes.push(ops.length);
            return kv.txn(ops);
          };
          const options = { signal, clock };
          return (await enqueueFirst({ kv: kv.kv, txn }, EQ_PREFIX, events, options)).length;
        },
        clock: { now: () => 0, sleep: () => Promise.resolve() },
        random: () => 0,
        log: loggerOf("test"),
      });
      const running = sender.run(signal);
      let offered = 0;
      for (const step of steps) {
        if (step === "offer") sender.offer({ type: `e${++offered}` });
        if (step === "put") await settle();
        if (step === "counts") kv.set(EPOCH, String(next()));
        if (step === "types") kv.set(eqKey(next()), "wake_RC");
        if (step === "away") kv.failures.push(step);
      }
      sender.close();
      await running;
      const found = kv.entries(EQ_PREFIX).map(({ value }) => value);
      const expected = Array.from({ length: offered }, (_, i) => `e${i + 1}`);
      assertEquals(found.filter((value) => value !== "wake_RC"), expected);
      assertEquals(Math.max(0, ...sizes) <= MAX_TXN_OPS, true);
    },
  ));
});

Deno.test("EventSender leaves the counter to others for a while when it has sent", async () => {
  const clock = new FakeClock();
  const { sender, queued } = fixture({ sleep: (ms, signal) => clock.sleep(ms, signal) });
  const running = sender.run(signal);
  for (const type of ["a", "b", "c"]) {
    sender.offer({ type });
    await settle();
  }
  assertEquals(queued, [["a"]]);
  await clock.advance(100);
  assertEquals(queued, [["a"], ["b", "c"]]);
  sender.close();
  await running;
});

Deno.test("EventSender tries until Consul is back, and warns once", async () => {
  await using log = await captureLog();
  const { sender, queued, pauses } = fixture({ put: failing(6) });
  sender.offer({ type: "a" });
  sender.offer({ type: "b" });
  sender.close();
  await sender.run(signal);
  assertEquals(queued, [["a", "b"]]);
  assertEquals(pauses, [100, 200, 400, 800, 1_000, 1_000], "its return is noticed within 1 s");
  assertEquals(log.matching(/^warning/), [
    "warning: 2 events are not in Consul yet: Consul is away",
  ]);
});

Deno.test("EventSender refuses what has no room", () => {
  const { sender } = fixture({ capacity: 2 });
  assertEquals(["a", "b", "c"].map((type) => sender.offer({ type })), [true, true, false]);
});

Deno.test("EventSender ends with what it was given up for, and keeps the event", async () => {
  const stop = new AbortController();
  const { sender } = fixture({
    put: failing(Infinity),
    sleep: (_, signal) => {
      stop.abort(new RangeError("enough"));
      return Promise.reject(signal?.reason);
    },
  });
  sender.offer({ type: "a" });
  await assertRejects(() => sender.run(stop.signal), RangeError, "enough");
  assertEquals(sender.length, 1);
});

Deno.test("EventSender tries no more once it is given up", async () => {
  const { sender, pauses } = fixture({ put: failing(Infinity) });
  sender.offer({ type: "a" });
  await assertRejects(() => sender.run(AbortSignal.abort()), HareError, "Consul is away");
  assertEquals([sender.length, pauses.length], [1, 0]);
});

Deno.test("EventSender ends with a fault of the program", async () => {
  const { sender, pauses } = fixture({ put: () => Promise.reject(new TypeError("no")) });
  sender.offer({ type: "a" });
  await assertRejects(() => sender.run(signal), TypeError, "no");
  assertEquals(pauses, []);
});
