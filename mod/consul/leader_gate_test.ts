import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import { quickClock } from "../../tests/lib/quick_clock.ts";
import { ConsulError, type ConsulErrorKind } from "./errors.ts";
import { LeaderGate } from "./leader_gate.ts";

/**
 * A gate that takes its answers from a list: leader, no leader, or a failure; then it gets none.
 */
function world(...answers: readonly (boolean | ConsulErrorKind)[]) {
  const rest = [...answers];
  const limits: number[] = [];
  const clock = quickClock();
  let ended = 0;
  const gate = new LeaderGate({
    clock,
    random: () => 1,
    ask: ({ timeoutMs, signal }) => {
      limits.push(timeoutMs);
      const answer = rest.shift();
      if (answer === undefined) {
        return new Promise<boolean>((_, reject) =>
          signal.addEventListener("abort", () => {
            ended += 1;
            reject(signal.reason);
          })
        );
      }
      return typeof answer === "boolean"
        ? Promise.resolve(answer)
        : Promise.reject(new ConsulError("x", { kind: answer, retryable: true }));
    },
  });
  return { gate, limits, clock, ended: () => ended };
}

const never = new AbortController().signal;

Deno.test("LeaderGate asks nothing while no request fails", async () => {
  const { gate, limits } = world();
  await gate.pass(never);
  gate.heard(true);
  await gate.pass(never);
  assertEquals([limits, gate.isLed], [[], true]);
});

Deno.test("LeaderGate asks once for all that wait, until there is a leader, with growing pauses", async () => {
  const { gate, limits, clock } = world(false, false, false, false, true);
  gate.doubt();
  await Promise.all([gate.pass(never), gate.pass(never), gate.pass(never)]);
  assertEquals(limits.length, 5);
  assertEquals(clock.slept, [100, 200, 400, 500]);
  await gate.pass(never);
  assertEquals([limits.length, gate.isLed], [5, true]);
});

Deno.test("LeaderGate gives a question that is not answered longer, and does not ask faster", async () => {
  const { gate, limits } = world(
    "timeout",
    "timeout",
    "timeout",
    "timeout",
    "timeout",
    "timeout",
    true,
  );
  gate.doubt();
  await gate.pass(never);
  assertEquals(limits, [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
});

Deno.test("LeaderGate lets requests find out themselves what else is wrong", async () => {
  for (const kind of ["unreachable", "server", "client", "forbidden", "malformed"] as const) {
    const { gate, limits } = world(kind);
    gate.doubt();
    await gate.pass(never);
    assertEquals(limits.length, 1);
  }
});

Deno.test("LeaderGate stops asking when nothing waits any more, and asks again for the next", async () => {
  const { gate, limits, ended } = world();
  gate.heard(false);
  for (const asked of [1, 2]) {
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [gate.pass(first.signal), gate.pass(second.signal)];
    first.abort(new RangeError("one"));
    await assertRejects(() => waiting[0] ?? Promise.resolve(), RangeError, "one");
    assertEquals(ended(), asked - 1);
    second.abort(new RangeError("two"));
    await assertRejects(() => waiting[1] ?? Promise.resolve(), RangeError, "two");
    await settle();
    assertEquals([limits.length, ended()], [asked, asked]);
  }
});
