import { captureLog } from "../../tests/lib/capture_log.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import { EventSender } from "./event_sender.ts";

/** A sender to a queue that fails as often as `failures` says; pauses pass at once. */
function fixture({ failures = 0, capacity }: { failures?: number; capacity?: number } = {}) {
  const queued: string[] = [];
  const pauses: number[] = [];
  let left = failures;
  const sender = new EventSender({
    put: (event) => {
      if (left-- > 0) return Promise.reject(new HareError("Consul is away"));
      return Promise.resolve(queued.push(event));
    },
    clock: { now: () => 0, sleep: (ms) => Promise.resolve(void pauses.push(ms)) },
    random: () => 0,
    log: loggerOf("test"),
    capacity,
  });
  return { queued, pauses, sender };
}

const { signal } = new AbortController();

Deno.test("EventSender sends in order, and ends when it is closed", async () => {
  const { sender, queued } = fixture();
  for (const n of [1, 2, 3]) assertEquals(sender.offer({ type: "io-error", body: { n } }), true);
  assertEquals(sender.length, 3);
  sender.close();
  await sender.run(signal);
  assertEquals(queued, ['io-error {"n":1}', 'io-error {"n":2}', 'io-error {"n":3}']);
  assertEquals(sender.length, 0);
});

Deno.test("EventSender tries until Consul is back, and warns once an event", async () => {
  await using log = await captureLog();
  const { sender, queued, pauses } = fixture({ failures: 5 });
  sender.offer({ type: "a" });
  sender.offer({ type: "b" });
  sender.close();
  await sender.run(signal);
  assertEquals(queued, ["a", "b"]);
  assertEquals(pauses.length, 5);
  assertEquals(log.matching(/^warning/), ["warning: a is not queued yet: Consul is away"]);
});

Deno.test("EventSender refuses what has no room", () => {
  const { sender } = fixture({ capacity: 2 });
  assertEquals(["a", "b", "c"].map((type) => sender.offer({ type })), [true, true, false]);
});

Deno.test("EventSender ends with what it was given up for, and keeps the event", async () => {
  const { sender } = fixture({ failures: Infinity });
  sender.offer({ type: "a" });
  const stop = new AbortController();
  stop.abort(new RangeError("enough"));
  await assertRejects(() => sender.run(stop.signal), HareError);
  assertEquals(sender.length, 1);
});
