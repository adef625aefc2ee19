/**
 * The machine's clock, and pauses between tries.
 *
 * @module
 */

import fc from "fast-check";
import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { backoffMs } from "./backoff.ts";
import { systemClock } from "./clock.ts";

const DAY_MS = 86_400_000;

Deno.test("systemClock.sleep() waits, and ends at once with the signal's reason", async () => {
  await systemClock.sleep(1);
  const stop = new AbortController();
  const reason = new Error("stop");
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(reason);
  assertEquals(await assertRejects(() => sleeping), reason);
  assertEquals(await assertRejects(() => systemClock.sleep(60_000, stop.signal)), reason);
});

Deno.test("systemClock.sleep() waits for longer than one timer can", async () => {
  const delays: number[] = [];
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((onTimer: () => void, ms: number) => {
    delays.push(ms);
    return setTimeout(onTimer, 0);
  }) as typeof setTimeout;
  try {
    await systemClock.sleep(60 * DAY_MS);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals(delays.reduce((sum, ms) => sum + ms), 60 * DAY_MS);
  assert(Math.max(...delays) < 2 ** 31, "a longer delay fires at once");
});

Deno.test("systemClock.monotonic() does not follow the wall clock", () => {
  const { now } = Date;
  const before = systemClock.monotonic();
  Date.now = () => now() - 3_600_000;
  try {
    assert(systemClock.monotonic() >= before);
  } finally {
    Date.now = now;
  }
});

Deno.test("backoffMs() is between nothing and twice as much each time, up to the longest", () => {
  const attempts = fc.integer({ min: 1, max: 2_000 });
  fc.assert(
    fc.property(attempts, fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
      const pause = backoffMs(attempt, { baseMs: 100, maxMs: 5_000, random: () => random });
      assert(pause >= 0 && pause <= Math.min(5_000, 100 * 2 ** (attempt - 1)));
    }),
  );
});
