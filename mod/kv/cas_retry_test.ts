import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { TimeLimitError } from "../lib/errors.ts";
import { type Attempt, retryCas } from "./cas_retry.ts";

function fakeClock(): Clock & { readonly pauses: number[] } {
  const pauses: number[] = [];
  let now = 0;
  return {
    pauses,
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
}

const refused: Attempt<never> = { done: false, why: "somebody was faster" };

Deno.test("retryCas() tries again after growing pauses with jitter, until it is done", async () => {
  const clock = fakeClock();
  let tries = 0;
  const attempt = () => {
    tries += 1;
    return Promise.resolve(tries < 11 ? refused : { done: true, value: tries } as const);
  };
  assertEquals(await retryCas("count", attempt, { clock, random: () => 0.5 }), 11);
  assertEquals(clock.pauses, [4, 8, 16, 32, 64, 128, 256, 500, 500, 500]);
});

Deno.test("retryCas() makes the pauses that it is told", async () => {
  const clock = fakeClock();
  let tries = 0;
  const attempt = () =>
    Promise.resolve(++tries < 6 ? refused : { done: true, value: tries } as const);
  const pauses = { baseMs: 2, maxMs: 10 };
  await retryCas("count", attempt, { clock, random: () => 0.5, pauses });
  assertEquals(clock.pauses, [1, 2, 4, 5, 5]);
});

Deno.test("retryCas() gives up at its time limit with the last reason", async () => {
  const clock = fakeClock();
  const error = await assertRejects(
    () => retryCas("count at key x", () => Promise.resolve(refused), { clock, random: () => 1 }),
    TimeLimitError,
  );
  assertEquals(error.message, "could not count at key x within 30 s: somebody was faster");
  assertEquals(clock.now() <= 30_000 && clock.now() > 28_000, true);
});

Deno.test("retryCas() passes on what an attempt throws, and the caller's reason", async () => {
  const clock = fakeClock();
  await assertRejects(
    () => retryCas("count", () => Promise.reject(new RangeError("no")), { clock }),
    RangeError,
  );
  const signal = AbortSignal.abort(new URIError("enough"));
  const refuse = () => retryCas("count", () => Promise.resolve(refused), { clock, signal });
  await assertRejects(refuse, URIError);
});
