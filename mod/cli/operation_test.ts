/**
 * The command line of operations, and what is shown of them.
 *
 * @module
 */

import { StandInCluster } from "../../tests/bringup/stand_in_cluster.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../../tests/lib/assert.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import type { OperationEvent } from "../bringup/operation.ts";
import { Consul } from "../consul/mod.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { TimeLimitError } from "../lib/errors.ts";
import { operate } from "./operation.ts";
import { showOperation } from "./operation_view.ts";
import { runProgram } from "./program.ts";

const DAY_MS = 86_400_000;

/** A command line that is refused: its exit status, and what is said. */
async function refusal(cdf: string, ...args: string[]): Promise<readonly [number, string]> {
  const world = fakeWorld({ readStdin: () => Promise.resolve(cdf) });
  const status = await runProgram(args, world);
  assertEquals(world.out(), "");
  return [status, world.err()];
}

Deno.test("hare bootstrap refuses a wrong command line before it does anything", async () => {
  for (
    const [args, says] of [
      [[], "missing required argument 'cdf'"],
      [["-", "--yes"], "--yes confirms --mkfs, which is not there"],
      [["-", "--parallel", "0"], "It is a whole number from 1 to 9999"],
      [["-", "--timeout", "soon"], '"soon" is no length of time'],
      [["-", "--target", "lustre"], "Allowed choices are mero, motr"],
      [["-", "--ignore-preflight", "weather"], 'there is no preflight check "weather"'],
      [["-", "--phase", "check,weather"], 'there is no phase "weather"'],
    ] as const
  ) {
    const [status, said] = await refusal("", "bootstrap", ...args);
    assertEquals(status, 64, said);
    assertStringIncludes(said, says);
  }
});

Deno.test("hare bootstrap says what is wrong with the CDF, or with this host", async () => {
  const [status, said] = await refusal("hosts: []", "bootstrap", "-");
  assertEquals(status, 1);
  assertStringIncludes(said, "<stdin>");
  await using cluster = new StandInCluster({ servers: 1 });
  const [other, where] = await refusal(cluster.cdf, "bootstrap", "-");
  assertEquals(other, 1);
  assertStringIncludes(where, "is no server node of the cluster\n  hint: run it on one of h1");
});

Deno.test("operate() ends an operation at its time limit, be that 60 days, and not before", async () => {
  const directory = await Deno.makeTempDir();
  const clock = new FakeClock(Date.UTC(2026, 10, 24));
  const consul = () => new Consul({ address: "http://127.0.0.1:1", clock });
  const world = fakeWorld({ env: () => directory, consul });
  const limited = (passMs: number, by: Clock) =>
    operate("bootstrap", { dryRun: true, timeout: 60 * DAY_MS }, {
      ...{ ...world, clock: by },
      setExitStatus: () => {},
    }, async ({ signal }) => {
      clock.step(100 * DAY_MS);
      await clock.advance(passMs);
      await systemClock.sleep(5);
      signal.throwIfAborted();
    });
  try {
    await limited(0, systemClock);
    await limited(60 * DAY_MS - 1, clock);
    await assertRejects(
      () => limited(60 * DAY_MS, clock),
      TimeLimitError,
      "bootstrap took longer than 1440 h 0 m",
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const EVENTS: readonly OperationEvent[] = [
  { event: "phase", phase: "hax", number: 1, of: 1, title: "start hax", hosts: ["a"] },
  { event: "change", where: "a", what: "start hare-hax", starts: "hare-hax" },
  { event: "warning", message: "look out" },
  { event: "unit", host: "a", unit: "hare-hax", outcome: "stopped" },
  { event: "phase-end", phase: "hax", outcome: "done", seconds: 1 },
];

async function shown(
  options: { dryRun: boolean; json: boolean },
  events: readonly OperationEvent[] = EVENTS,
  parts: Parameters<typeof fakeWorld>[0] = {},
) {
  const world = fakeWorld(parts);
  const context = { ...world, setExitStatus: () => {} };
  {
    await using view = showOperation(options, context);
    for (const event of events) view.report(event);
  }
  return { out: world.out(), err: world.err() };
}

Deno.test("showOperation() shows progress, and at the end what became of each unit", async () => {
  assertEquals(await shown({ dryRun: false, json: false }), {
    out: "HOST  UNIT      RESULT\na     hare-hax  stopped\n",
    err: "look out\n[1/1] start hax ............................... 1.0 s\n",
  });
});

Deno.test("showOperation() lists what a dry run would change, under its phases", async () => {
  const { out, err } = await shown({ dryRun: true, json: false });
  assertStringIncludes(out, "start hax:\n  a: start hare-hax\n");
  assertEquals(err, "look out\n");
});

Deno.test("showOperation() prints each event as JSON", async () => {
  for (const dryRun of [true, false]) {
    const { out, err } = await shown({ dryRun, json: true });
    const events = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([events, err], [[...EVENTS], ""]);
  }
});

Deno.test("showOperation() shows no name, message or error raw, on a line that is replaced neither", async () => {
  const hostile = "x\x1b[2J\nFORGED\r\x9b\u202e";
  const phase = { phase: hostile, number: 1, of: 1, title: hostile, hosts: [hostile, "b"] };
  const events: readonly OperationEvent[] = [
    { event: "phase", ...phase },
    { event: "change", where: hostile, what: hostile, starts: hostile },
    { event: "warning", message: hostile, details: [hostile] },
    { event: "unit", host: hostile, unit: hostile, outcome: "failed" },
    { event: "host", phase: hostile, host: hostile, outcome: "failed", seconds: 1, error: hostile },
    { event: "phase-end", phase: hostile, outcome: "failed", seconds: 1 },
  ];
  const live = {
    isTerminal: true,
    colours: true,
    showsStatus: true,
    columns: 80,
    statusColumns: 80,
  };
  for (const terminal of [live, { ...live, showsStatus: false }]) {
    for (const dryRun of [true, false]) {
      for (const json of [true, false]) {
        const { out, err } = await shown({ dryRun, json }, events, { terminal });
        const text = `${out}${err}`.replaceAll("\r\x1b[2K", "");
        assert(text.includes("FORGED"));
        assert(!/^FORGED|[^\n\P{Cc}]|\p{Bidi_Control}/mu.test(text), JSON.stringify(text));
      }
    }
  }
});
