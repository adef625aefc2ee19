import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { systemClock } from "./clock.ts";
import { runTogether } from "./run_together.ts";

const forever = (signal: AbortSignal) => systemClock.sleep(60_000, signal);

Deno.test("runTogether() ends when one loop has ended and the others have been stopped", async () => {
  const ended: string[] = [];
  await runTogether([
    (signal) => forever(signal).finally(() => ended.push("stopped")),
    () => Promise.resolve(void ended.push("done")),
  ]);
  assertEquals(ended, ["done", "stopped"]);
});

Deno.test("runTogether() fails with the first failure, not with what follows from it", async () => {
  const failing = () => Promise.reject(new RangeError("first"));
  await assertRejects(() => runTogether([forever, failing, forever]), RangeError, "first");
});

Deno.test("runTogether() waits for a loop that takes its time to stop", async () => {
  let stopped = false;
  const slow = async (signal: AbortSignal) => {
    await forever(signal).catch(() => systemClock.sleep(5));
    stopped = true;
  };
  await runTogether([slow, () => Promise.resolve()]);
  assertEquals(stopped, true);
});
