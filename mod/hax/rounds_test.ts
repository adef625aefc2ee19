import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { Rounds } from "./rounds.ts";

/** Rounds on a clock that stands still; `work` is done in each. */
async function fixture(work: () => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const rounds = new Rounds({ clock, everyMs: 60_000, pauseMs: 100 });
  const times: number[] = [];
  const ended = rounds.run(() => {
    times.push(clock.now());
    return work();
  }, stop.signal);
  await settle();
  return {
    rounds,
    times,
    advance: (ms: number) => clock.advance(ms),
    /** Stops them, in the middle of whatever they do. */
    end: async () => {
      const done = times.length;
      stop.abort(new RangeError("enough"));
      await assertRejects(() => ended, RangeError, "enough");
      assertEquals(times.length, done, "none begins any more");
    },
  };
}

Deno.test("Rounds begin at once and come again in a while", async () => {
  const { times, advance, end } = await fixture();
  await advance(59_999);
  assertEquals(times, [0]);
  await advance(60_001);
  assertEquals(times, [0, 60_000, 120_000]);
  await end();
});

Deno.test("Rounds come soon when they are asked for, once however often", async () => {
  const { rounds, times, advance, end } = await fixture();
  await advance(1_100);
  for (let i = 0; i < 5; i++) rounds.ask();
  await advance(0);
  assertEquals(times, [0, 1_100]);
  rounds.ask(); // within the pause: not before it has passed
  await advance(99);
  assertEquals(times.length, 2);
  await advance(1);
  assertEquals(times, [0, 1_100, 1_200]);
  await advance(59_999);
  assertEquals(times.length, 3, "what was asked for has been done");
  await end();
});

Deno.test("Rounds are done one at a time; what is asked for in one comes after it", async () => {
  const work = Promise.withResolvers<void>();
  const { rounds, times, advance, end } = await fixture(() => work.promise);
  rounds.ask();
  await advance(60_000);
  assertEquals(times, [0]);
  work.resolve();
  await advance(100);
  assertEquals(times, [0, 60_100]);
  await end();
});

Deno.test("Rounds end within the pause, and also when they were asked for just before", async () => {
  const within = await fixture();
  await within.advance(50);
  await within.end();
  const asked = await fixture();
  await asked.advance(1_000);
  asked.rounds.ask();
  await asked.end();
});

Deno.test("Rounds end with what the work throws", async () => {
  const rounds = new Rounds({ clock: new FakeClock(), everyMs: 1_000 });
  const failing = () => Promise.reject(new TypeError("no"));
  await assertRejects(() => rounds.run(failing, new AbortController().signal), TypeError, "no");
});
