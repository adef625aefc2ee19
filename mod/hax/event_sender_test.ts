import { captureLog } from "../../tests/lib/capture_log.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import { HareError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import { EventSender } from "./event_sender.ts";

interface Options {
  readonly put?: (event: string) => Promise<unknown>;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly capacity?: number;
}

/** A sender, and the events that it queued; pauses pass at once. */
function fixture({ put, sleep, capacity }: Options = {}) {
  const queued: string[] = [];
  const pauses: number[] = [];
  const sender = new EventSender({
    put: async (event) => {
      await put?.(event);
      queued.push(event);
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

Deno.test("EventSender sends in order, and ends when it is closed", async () => {
  const { sender, queued } = fixture();
  for (const n of [1, 2, 3]) assertEquals(sender.offer({ type: "io-error", body: { n } }), true);
  assertEquals(sender.length, 3);
  sender.close();
  assertEquals(sender.offer({ type: "late" }), false);
  await sender.run(signal);
  assertEquals(queued, ['io-error {"n":1}', 'io-error {"n":2}', 'io-error {"n":3}']);
  assertEquals(sender.length, 0);
});

Deno.test("EventSender sends what comes while it waits, after what waits", async () => {
  const first = Promise.withResolvers<void>();
  const { sender, queued } = fixture({ put: (event) => event === "a" ? first.promise : settle() });
  const running = sender.run(signal);
  sender.offer({ type: "a" });
  await settle();
  sender.offer({ type: "b" });
  await settle();
  assertEquals([queued, sender.length], [[], 2]);
  first.resolve();
  sender.close();
  await running;
  assertEquals(queued, ["a", "b"]);
});

Deno.test("EventSender tries until Consul is back, and warns once an event", async () => {
  await using log = await captureLog();
  const { sender, queued, pauses } = fixture({ put: failing(6) });
  sender.offer({ type: "a" });
  sender.offer({ type: "b" });
  sender.close();
  await sender.run(signal);
  assertEquals(queued, ["a", "b"]);
  assertEquals(pauses, [100, 200, 400, 800, 1_000, 1_000], "its return is noticed within 1 s");
  assertEquals(log.matching(/^warning/), ["warning: a is not queued yet: Consul is away"]);
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
