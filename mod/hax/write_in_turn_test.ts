import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, settle, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { writeInTurn } from "./write_in_turn.ts";

interface Item {
  readonly name: string;
}

/** A queue with these items, and what was written of it; time stands still. */
function fixture(items: string, write: () => Promise<void> = () => Promise.resolve()) {
  const queue = new BoundedQueue<Item>(10);
  for (const name of items) queue.offer({ name });
  const written: string[] = [];
  const pauses: number[] = [];
  const instant: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms) => Promise.resolve(void pauses.push(ms)),
  };
  const run = (signal: AbortSignal, clock = instant) => {
    const writeAll = async (waiting: readonly Item[]) => {
      await write();
      written.push(waiting.map(({ name }) => name).join(""));
      return waiting.length;
    };
    const deps = { clock, random: () => 1, log: loggerOf("test") };
    return writeInTurn(queue, "items", writeAll, deps, signal);
  };
  return { queue, written, pauses, run };
}

/** Fails so often before it succeeds. */
function failing(times: number): () => Promise<void> {
  let left = times;
  return () => left-- > 0 ? Promise.reject(new HareError("Consul is away")) : Promise.resolve();
}

const { signal } = new AbortController();

Deno.test("writeInTurn() leaves the counter to others for a while when it has written", async () => {
  const clock = new FakeClock();
  const { queue, written, run } = fixture("a");
  const running = run(signal, clock);
  for (const name of "bc") {
    await settle();
    queue.offer({ name });
  }
  await settle();
  assertEquals(written, ["a"]);
  await clock.advance(100);
  assertEquals(written, ["a", "bc"]);
  await clock.advance(100);
  queue.offer({ name: "d" });
  await settle();
  assertEquals(written, ["a", "bc", "d"], "it has rested meanwhile");
  queue.close();
  await running;
});

Deno.test("writeInTurn() rests as long as it is to when the wall clock is stepped", async () => {
  for (const step of STEPS_MS) {
    const clock = new FakeClock();
    const { queue, written, run } = fixture("a");
    const running = run(signal, clock);
    await settle();
    clock.step(step);
    queue.offer({ name: "b" });
    await settle();
    assertEquals(clock.untilNext, 50, `a step of ${step} ms`);
    await clock.advance(50);
    await settle();
    assertEquals(written, ["a", "b"]);
    queue.close();
    await running;
  }
});

Deno.test("writeInTurn() tries until Consul is back, and warns once", async () => {
  await using log = await captureLog();
  const { queue, written, pauses, run } = fixture("ab", failing(6));
  queue.close();
  await run(signal);
  assertEquals(written, ["ab"]);
  assertEquals(pauses, [100, 200, 400, 800, 1_000, 1_000], "its return is noticed within 1 s");
  assertEquals(log.matching(/^warning/), [
    "warning: 2 items are not in Consul yet: Consul is away",
  ]);
});

Deno.test("writeInTurn() ends with what it was given up for, and keeps what waits", async () => {
  const stop = new AbortController();
  const { queue, run } = fixture("a", failing(Infinity));
  const sleep = () => {
    stop.abort(new RangeError("enough"));
    return Promise.reject(stop.signal.reason);
  };
  const running = run(stop.signal, { now: () => 0, monotonic: () => 0, sleep });
  await assertRejects(() => running, RangeError, "enough");
  assertEquals(queue.length, 1);
});

Deno.test("writeInTurn() tries no more once it is given up", async () => {
  const { queue, pauses, run } = fixture("a", failing(Infinity));
  await assertRejects(() => run(AbortSignal.abort()), HareError, "Consul is away");
  assertEquals([queue.length, pauses.length], [1, 0]);
});

Deno.test("writeInTurn() ends with a fault of the program", async () => {
  const { pauses, run } = fixture("a", () => Promise.reject(new TypeError("no")));
  await assertRejects(() => run(signal), TypeError, "no");
  assertEquals(pauses, []);
});
