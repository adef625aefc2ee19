import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { Bell } from "./bell.ts";

const never = new AbortController().signal;

Deno.test("Bell.wait() ends when the time is over", async () => {
  const clock = new FakeClock();
  let woke = false;
  const waiting = new Bell(clock).wait(100, never).then(() => woke = true);
  await clock.advance(99);
  assertEquals(woke, false);
  await clock.advance(1);
  await waiting;
  assertEquals(clock.sleeping, 0);
});

Deno.test("Bell.ring() ends the wait in progress and leaves no sleeper", async () => {
  const clock = new FakeClock();
  const bell = new Bell(clock);
  const waiting = bell.wait(100, never);
  bell.ring();
  await waiting;
  assertEquals(clock.sleeping, 0);
});

Deno.test("Bell.ring() while nobody waits ends the next wait, and only that", async () => {
  const clock = new FakeClock();
  const bell = new Bell(clock);
  bell.ring();
  bell.ring();
  await bell.wait(100, never);
  let woke = false;
  const waiting = bell.wait(100, never).then(() => woke = true);
  await clock.advance(99);
  assertEquals(woke, false);
  await clock.advance(1);
  await waiting;
});

Deno.test("Bell.wait() throws the reason of its signal, before and during the wait", async () => {
  const clock = new FakeClock();
  const bell = new Bell(clock);
  const stop = new AbortController();
  const waiting = bell.wait(100, stop.signal);
  stop.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
  await assertRejects(() => bell.wait(100, stop.signal), RangeError, "enough");
  assertEquals(clock.sleeping, 0);
});

Deno.test("Bell.wait() throws the reason of its signal also where the bell was rung just before", async () => {
  const bell = new Bell(new FakeClock());
  const stop = new AbortController();
  const waiting = bell.wait(100, stop.signal);
  bell.ring();
  stop.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
});
