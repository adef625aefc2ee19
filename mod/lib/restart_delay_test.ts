import { assertEquals } from "../../tests/lib/assert.ts";
import { restartDelay } from "./restart_delay.ts";

/** The delays of a unit that ends as soon as it has started, in seconds. */
function delaysOf(count: number): readonly number[] {
  let now = 10;
  let starts: readonly number[] = [];
  return Array.from({ length: count }, () => {
    const next = restartDelay(starts, now);
    starts = next.starts;
    now += next.delayMs / 1000 + 1; // RestartSec=1
    return next.delayMs / 1000;
  });
}

Deno.test("restartDelay() grows to a minute and stays there", () => {
  const delays = delaysOf(40);
  assertEquals(delays.slice(0, 9), [0, 0, 1, 2, 4, 8, 16, 32, 60]);
  assertEquals(new Set(delays.slice(9)), new Set([60]));
});

Deno.test("restartDelay() forgets what was ten minutes ago, and times of another boot", () => {
  const many = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  assertEquals(restartDelay(many, 608), { starts: [9, 608], delayMs: 0 });
  assertEquals(restartDelay(many.map((at) => at + 5000), 100), { starts: [100], delayMs: 0 });
});
