import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { runAndFlush } from "./flush.ts";

/** Work that lasts until it is told to close and `left` has been done. */
function work(left: () => Promise<void> = () => Promise.resolve()) {
  const closed = Promise.withResolvers<void>();
  return {
    close: () => closed.resolve(),
    run: async () => {
      await closed.promise;
      await left();
    },
  };
}

Deno.test("runAndFlush() does what was taken when it is told to stop", async () => {
  const stop = new AbortController();
  let done = false;
  const flushed = runAndFlush(work(() => Promise.resolve(void (done = true))), stop.signal);
  stop.abort();
  assertEquals([await flushed, done], [true, true]);
});

Deno.test("runAndFlush() closes at once where it was stopped before", async () => {
  assertEquals(await runAndFlush(work(), AbortSignal.abort()), true);
});

Deno.test("runAndFlush() passes on what fails", async () => {
  const failing = work(() => Promise.reject(new RangeError("no")));
  await assertRejects(() => runAndFlush(failing, AbortSignal.abort()), RangeError, "no");
});

Deno.test("runAndFlush() gives up after its time limit, and says so", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const stuck = {
    close: () => {},
    run: (signal: AbortSignal) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    },
  };
  assertEquals(await runAndFlush(stuck, AbortSignal.abort(), 1), false);
});
