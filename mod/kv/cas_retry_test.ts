import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { quickClock } from "../../tests/lib/quick_clock.ts";
import { TimeLimitError } from "../lib/errors.ts";
import { type Attempt, retryCas } from "./cas_retry.ts";

const refused: Attempt<never> = { done: false, why: "somebody was faster" };

Deno.test("retryCas() tries again after growing pauses with jitter, until it is done", async () => {
  const clock = quickClock();
  let tries = 0;
  const attempt = () => {
    tries += 1;
    return Promise.resolve(tries < 11 ? refused : { done: true, value: tries } as const);
  };
  assertEquals(await retryCas("count", attempt, { clock, random: () => 0.5 }), 11);
  assertEquals(clock.slept, [4, 8, 16, 32, 64, 128, 256, 500, 500, 500]);
});

Deno.test("retryCas() makes the pauses that it is told", async () => {
  const clock = quickClock();
  let tries = 0;
  const attempt = () =>
    Promise.resolve(++tries < 6 ? refused : { done: true, value: tries } as const);
  const pauses = { baseMs: 2, maxMs: 10 };
  await retryCas("count", attempt, { clock, random: () => 0.5, pauses });
  assertEquals(clock.slept, [1, 2, 4, 5, 5]);
});

Deno.test("retryCas() gives up at its time limit with the last reason", async () => {
  const clock = quickClock();
  const error = await assertRejects(
    () => retryCas("count at key x", () => Promise.resolve(refused), { clock, random: () => 1 }),
    TimeLimitError,
  );
  assertEquals(error.message, "could not count at key x within 30 s: somebody was faster");
  const ms = clock.slept.reduce((sum, pause) => sum + pause);
  assertEquals(ms <= 30_000 && ms > 28_000, true);
});

Deno.test("retryCas() passes on what an attempt throws, and the caller's reason", async () => {
  const clock = quickClock();
  await assertRejects(
    () => retryCas("count", () => Promise.reject(new RangeError("no")), { clock }),
    RangeError,
  );
  const signal = AbortSignal.abort(new URIError("enough"));
  const refuse = () => retryCas("count", () => Promise.resolve(refused), { clock, signal });
  await assertRejects(refuse, URIError);
});
