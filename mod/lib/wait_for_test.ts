/**
 * Waiting, on a clock that the test moves.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "../../tests/lib/assert.ts";
import { quickClock } from "../../tests/lib/quick_clock.ts";
import { HareError, TimeLimitError } from "./errors.ts";
import { waitFor } from "./wait_for.ts";

Deno.test("waitFor() asks until it is ready and returns the value", async () => {
  const clock = quickClock();
  let asked = 0;
  const value = await waitFor("it", () => {
    asked += 1;
    return Promise.resolve(asked < 4 ? { ready: false, why: "no" } : { ready: true, value: asked });
  }, { limitMs: 10_000, intervalMs: 250, clock });
  assertEquals(value, 4);
  assertEquals(clock.slept, [250, 250, 250]);
});

Deno.test("waitFor() says what it waited for and why not when the limit runs out", async () => {
  const error = await assertRejects(
    () =>
      waitFor("a leader", () => Promise.resolve({ ready: false, why: "no quorum" }), {
        limitMs: 2_000,
        hint: "start more servers",
        clock: quickClock(),
      }),
    TimeLimitError,
  );
  assertEquals(error.message, "waited 2 s for a leader: no quorum");
  assertEquals(error.hint, "start more servers");
});

Deno.test("waitFor() takes an exception for a reason and keeps it as the cause", async () => {
  const cause = new Error("connection refused");
  const error = await assertRejects(
    () => waitFor("it", () => Promise.reject(cause), { limitMs: 10, clock: quickClock() }),
    TimeLimitError,
  );
  assertStringIncludes(error.message, "connection refused");
  assertEquals(error.cause, cause);
});

Deno.test("waitFor() gives up at once when the answer is never", async () => {
  const clock = quickClock();
  const never = new HareError("the unit has failed");
  const condition = () => Promise.resolve({ ready: "never", error: never } as const);
  const thrown = await assertRejects(() => waitFor("it", condition, { limitMs: 1_000, clock }));
  assertEquals(thrown, never);
  assertEquals(clock.slept, []);
});

Deno.test("waitFor() ends with the caller's reason, also while the condition is asked", async () => {
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  const condition = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      stop.abort(reason);
    });
  const options = { limitMs: 60_000, signal: stop.signal };
  assertEquals(await assertRejects(() => waitFor("it", condition, options)), reason);
});

Deno.test("waitFor() hands the condition a signal that ends with the limit", async () => {
  const condition = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(new Error("asked too long")))
    );
  const error = await assertRejects(
    () => waitFor("it", condition, { limitMs: 20 }),
    TimeLimitError,
  );
  assertEquals(error.message, "waited 0.02 s for it: asked too long");
});

Deno.test("waitFor() says what it waited for when the time limit of something bigger runs out", async () => {
  const stop = new AbortController();
  const limit = new TimeLimitError("phase hax did not end within its time limit of 60 s");
  const answers = ["no quorum", "it ends meanwhile"];
  const condition = () => {
    const why = answers.shift() ?? "";
    if (answers.length === 0) stop.abort(limit);
    return Promise.resolve({ ready: false, why } as const);
  };
  const options = { signal: stop.signal, clock: quickClock() };
  const error = await assertRejects(() => waitFor("a leader", condition, options), TimeLimitError);
  assertEquals(error.message, `${limit.message}: waited for a leader: no quorum`);
});
