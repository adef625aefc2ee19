/**
 * The machine's clock, and pauses between tries.
 *
 * @module
 */

import fc from "fast-check";
import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { backoffMs } from "./backoff.ts";
import { systemClock } from "./clock.ts";

Deno.test("systemClock.sleep() waits, and ends at once with the signal's reason", async () => {
  await systemClock.sleep(1);
  const stop = new AbortController();
  const reason = new Error("stop");
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(reason);
  assertEquals(await assertRejects(() => sleeping), reason);
  assertEquals(await assertRejects(() => systemClock.sleep(60_000, stop.signal)), reason);
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
