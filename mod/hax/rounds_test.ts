import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { Rounds } from "./rounds.ts";

/** Rounds on a clock that stands still. */
async function fixture() {
  const clock = new FakeClock();
  const stop = new AbortController();
  const rounds = new Rounds({ clock, everyMs: 60_000, pauseMs: 100 });
  const times: number[] = [];
  const ended = rounds.run(() => Promise.resolve(void times.push(clock.now())), stop.signal);
  await settle();
  const advance = (ms: number) => clock.advance(ms);
  return { rounds, times, advance, stop, ended };
}

Deno.test("Rounds begin at once and come again in a while", async () => {
  const { times, advance, stop, ended } = await fixture();
  for (let i = 0; i < 4; i++) await advance(i % 2 === 0 ? 100 : 59_900);
  assertEquals(times, [0, 60_000, 120_000]);
  stop.abort(new RangeError("enough"));
  await assertRejects(() => ended, RangeError, "enough");
});

Deno.test("Rounds come soon when they are asked for, once however often", async () => {
  const { rounds, times, advance, stop, ended } = await fixture();
  await advance(100);
  await advance(1_000);
  for (let i = 0; i < 5; i++) rounds.ask();
  await advance(0);
  assertEquals(times, [0, 1_100]);
  rounds.ask(); // within the pause: not before it has passed
  await advance(50);
  assertEquals(times.length, 2);
  await advance(50);
  assertEquals(times, [0, 1_100, 1_200]);
  stop.abort(new RangeError("enough"));
  await assertRejects(() => ended, RangeError);
});

Deno.test("Rounds end with what the work throws", async () => {
  const rounds = new Rounds({ clock: new FakeClock(), everyMs: 1_000 });
  const failing = () => Promise.reject(new TypeError("no"));
  await assertRejects(() => rounds.run(failing, new AbortController().signal), TypeError, "no");
});
