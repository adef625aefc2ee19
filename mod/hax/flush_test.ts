import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import { runAndFlush } from "./flush.ts";

/** Work that lasts until it is told to close; then `left` is done. */
function work(left: (signal: AbortSignal) => Promise<void> = () => Promise.resolve()) {
  const closed = Promise.withResolvers<void>();
  const seen: string[] = [];
  return {
    seen,
    close: () => {
      seen.push("close");
      closed.resolve();
    },
    run: async (signal: AbortSignal) => {
      await closed.promise;
      await left(signal);
      seen.push(signal.aborted ? "cut off" : "done");
    },
  };
}

/** Lasts until `signal` is aborted. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

Deno.test("runAndFlush() does what was taken when it is told to stop, and not before", async () => {
  const stop = new AbortController();
  const queue = work(() => settle());
  const flushed = runAndFlush(queue, stop.signal);
  await settle();
  assertEquals(queue.seen, []);
  stop.abort();
  assertEquals(await flushed, true);
  assertEquals(queue.seen, ["close", "done"]);
});

Deno.test("runAndFlush() closes at once where it was stopped before", async () => {
  assertEquals(await runAndFlush(work(), AbortSignal.abort()), true);
});

Deno.test("runAndFlush() passes on what fails, before it is told to stop and after", async () => {
  const failing = { close: () => {}, run: () => Promise.reject(new RangeError("no")) };
  const stop = new AbortController();
  await assertRejects(() => runAndFlush(failing, stop.signal), RangeError, "no");
  stop.abort(); // its time limit is past: a timer that it began now would be a leak
  const failsLate = work(() => Promise.reject(new RangeError("no")));
  await assertRejects(() => runAndFlush(failsLate, AbortSignal.abort()), RangeError, "no");
});

Deno.test("runAndFlush() gives up after its time limit, and says so", async () => {
  assertEquals(await runAndFlush(work(untilAborted), AbortSignal.abort(), 1), false);
});
