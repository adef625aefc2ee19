import { assertEquals } from "../../tests/lib/assert.ts";
import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { TimeLimitError } from "./errors.ts";
import { timeLimit } from "./time_limit.ts";

const DAY_MS = 86_400_000;

Deno.test("timeLimit() aborts its signal at the limit, whatever becomes of the wall clock", async () => {
  const clock = new FakeClock();
  const error = new TimeLimitError("too long");
  using limit = timeLimit(60 * DAY_MS, { clock, reason: () => error });
  clock.step(100 * DAY_MS);
  await clock.advance(60 * DAY_MS - 1);
  assertEquals(limit.signal.aborted, false);
  await clock.advance(1);
  await settle();
  assertEquals(limit.signal.reason, error);
});

Deno.test("timeLimit() gives a limit of 60 days its time", async () => {
  using limit = timeLimit(60 * DAY_MS);
  await new Promise((done) => setTimeout(done, 5));
  assertEquals(limit.signal.aborted, false);
});

Deno.test("timeLimit() leaves nothing behind when it is disposed of", async () => {
  const clock = new FakeClock();
  const limit = timeLimit(1_000, { clock });
  assertEquals(clock.sleeping, 1);
  limit[Symbol.dispose]();
  assertEquals(clock.sleeping, 0);
  await clock.advance(2_000);
  assertEquals(limit.signal.aborted, false);
});
