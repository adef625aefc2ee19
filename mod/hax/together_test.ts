import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { together } from "./together.ts";

/** Ends, as what waits does, by throwing the signal's reason. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

Deno.test("together() ends in peace when it is told to", async () => {
  const stop = new AbortController();
  const ended = together(stop.signal, [untilAborted, untilAborted]);
  stop.abort(new Error("stop"));
  await ended;
});

Deno.test("together() ends all when one fails, and throws what that threw", async () => {
  const seen: unknown[] = [];
  const tasks = [
    (signal: AbortSignal) => untilAborted(signal).catch((error) => void seen.push(error)),
    () => Promise.reject(new RangeError("first")),
    (signal: AbortSignal) =>
      untilAborted(signal).catch(() => Promise.reject(new TypeError("second"))),
  ];
  await assertRejects(() => together(new AbortController().signal, tasks), RangeError, "first");
  assertEquals(seen.map(String), ["RangeError: first"]);
});

Deno.test("together() does not take another error for an ordered end", async () => {
  const stop = new AbortController();
  const failing = (signal: AbortSignal) =>
    untilAborted(signal).catch(() => Promise.reject(new RangeError("at the end")));
  const ended = together(stop.signal, [failing]);
  stop.abort();
  await assertRejects(() => ended, RangeError, "at the end");
});
