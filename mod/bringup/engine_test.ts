/**
 * The engine alone, on phases made of plain functions.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../../tests/lib/assert.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { systemClock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { type BringUpEvent, CutShortError, type Phase, PhaseError, runPhases } from "./engine.ts";

type TestHost = { readonly name: string };
const HOSTS: readonly TestHost[] = [{ name: "a" }, { name: "b" }, { name: "c" }];

function phase(options: Partial<Phase<TestHost>>): Phase<TestHost> {
  return {
    name: "p",
    title: "do p",
    limitMs: 10_000,
    hosts: HOSTS,
    run: () => Promise.resolve(),
    ...options,
  };
}

function recorder() {
  const events: BringUpEvent[] = [];
  const controller = new AbortController();
  const options = {
    signal: controller.signal,
    clock: systemClock,
    report: (event: BringUpEvent) => void events.push(event),
  };
  return { events, controller, options };
}

Deno.test("runPhases() runs phases in order and hosts of a phase together", async () => {
  const { events, options } = recorder();
  const log: string[] = [];
  const together = Promise.withResolvers<void>();
  let arrived = 0;
  await runPhases([
    phase({
      name: "one",
      run: async (host) => {
        log.push(`one ${host.name}`);
        if (++arrived === HOSTS.length) together.resolve();
        await together.promise;
      },
    }),
    phase({ name: "two", run: (host) => Promise.resolve(void log.push(`two ${host.name}`)) }),
  ], options);
  assertEquals(log, ["one a", "one b", "one c", "two a", "two b", "two c"]);
  assertEquals(
    events.flatMap((e) => e.event === "phase" ? [`${e.number}/${e.of} ${e.phase}`] : []),
    ["1/2 one", "2/2 two"],
  );
});

Deno.test("runPhases() tells how long phases and hosts took, whatever becomes of the wall clock", async () => {
  for (const step of STEPS_MS) {
    const { events, options } = recorder();
    const clock = new FakeClock(Date.UTC(2026, 10, 24));
    const run = async () => {
      clock.step(step);
      await clock.advance(2_500);
    };
    await runPhases([phase({ hosts: [{ name: "a" }], run })], { ...options, clock });
    const seconds = events.flatMap((event) => "seconds" in event ? [event.seconds] : []);
    assertEquals(seconds, [2.5, 2.5], `a step of ${step} ms`);
  }
});

Deno.test("runPhases() works on no more hosts at once than it may", async () => {
  const { options } = recorder();
  let now = 0;
  let most = 0;
  const run = async () => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    now--;
  };
  await runPhases([phase({ run })], { ...options, parallel: 2 });
  assertEquals(most, 2);
});

Deno.test("runPhases() leaves alone what is done and says so", async () => {
  const { events, options } = recorder();
  const ran: string[] = [];
  await runPhases([
    phase({
      isDone: (host) => Promise.resolve(host.name !== "b"),
      run: (host) => Promise.resolve(void ran.push(host.name)),
    }),
    phase({ name: "q", isDone: () => Promise.resolve(true) }),
    phase({ name: "r", hosts: [] }),
  ], options);
  assertEquals(ran, ["b"]);
  const ends = events.flatMap((e) => e.event === "phase-end" ? [`${e.phase} ${e.outcome}`] : []);
  assertEquals(ends, ["p done", "q already", "r none"]);
});

Deno.test("runPhases() lets the other hosts finish, names each failure, and stops", async () => {
  const { events, options } = recorder();
  let next = false;
  const error = await assertRejects(
    () =>
      runPhases([
        phase({
          run: (host) =>
            host.name === "b"
              ? Promise.resolve()
              : Promise.reject(new HareError(`${host.name}: disk missing`, { hint: "plug it in" })),
        }),
        phase({ run: () => Promise.resolve(void (next = true)) }),
      ], options),
    PhaseError,
  );
  assertEquals(error.message, "could not do p:\n  a: disk missing\n  c: disk missing");
  assertEquals(error.hint, "plug it in");
  assertEquals(next, false);
  assert(events.some((e) => e.event === "host" && e.host === "b" && e.outcome === "done"));
});

Deno.test("runPhases() ends a phase at its time limit", async () => {
  const { options } = recorder();
  const never = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const error = await assertRejects(
    () => runPhases([phase({ limitMs: 5, settle: ({ signal }) => never(signal) })], options),
    PhaseError,
  );
  assertStringIncludes(error.message, "could not do p: phase p did not end within its time limit");
});

Deno.test("runPhases() stops with the caller's reason when it is cancelled", async () => {
  const { controller, options } = recorder();
  const reason = new Error("Ctrl-C");
  const run = () => {
    controller.abort(reason);
    return Promise.reject(new Error("ssh was interrupted"));
  };
  const error = await assertRejects(() => runPhases([phase({ run })], options), CutShortError);
  assertEquals([error.message, error.cause], ["Ctrl-C, in phase p", reason]);
});
