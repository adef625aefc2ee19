import fc from "fast-check";
import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import { MAX_TXN_OPS } from "../consul/mod.ts";
import { enqueueFirst, MAX_ENTRIES } from "../kv/enqueue.ts";
import { EPOCH, EQ_PREFIX, eqKey } from "../kv/keys.ts";
import { loggerOf } from "../lib/log.ts";
import { EventSender, type EventSenderDeps } from "./event_sender.ts";

const { signal } = new AbortController();

/** A sender; pauses pass at once. */
function makeSender(put: EventSenderDeps["put"], capacity?: number): EventSender {
  return new EventSender({
    put,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    random: () => 0,
    log: loggerOf("test"),
    capacity,
  });
}

/** A sender, and the events that it queued, those of a transaction together. */
function fixture() {
  const queued: (readonly string[])[] = [];
  const sender = makeSender((events) => {
    queued.push(events);
    return Promise.resolve(events.length);
  });
  return { queued, sender };
}

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

Deno.test("EventSender keeps what was not put", async () => {
  const put: (readonly string[])[] = [];
  const sender = makeSender((events) => {
    put.push(events);
    return Promise.resolve(2);
  });
  for (const type of ["a", "b", "c", "d"]) sender.offer({ type });
  sender.close();
  await sender.run(signal);
  assertEquals(put, [["a", "b", "c", "d"], ["c", "d"]]);
});

Deno.test("EventSender refuses what has no room", () => {
  const sender = makeSender(() => Promise.resolve(1), 2);
  assertEquals(["a", "b", "c"].map((type) => sender.offer({ type })), [true, true, false]);
});

Deno.test("EventSender puts each event on the queue, once, in order, whatever others do", async () => {
  const step = fc.constantFrom("offer", "offer", "offer", "put", "counts", "types", "away");
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 400 }), async (steps) => {
    const kv = new FakeKv();
    const txn: FakeKv["txn"] = (ops) => {
      assert(ops.length <= MAX_TXN_OPS, `${ops.length} operations`);
      return kv.txn(ops);
    };
    const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
    const sender = makeSender(async (events) =>
      (await enqueueFirst({ kv: kv.kv, txn }, EQ_PREFIX, events, { clock })).length
    );
    const next = () => Number(kv.value(EPOCH) ?? 0) + 1;
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
  }));
});
