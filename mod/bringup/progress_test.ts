/**
 * What is shown of a bring-up, tick by tick.
 *
 * @module
 */

import { assert, assertEquals } from "../../tests/lib/assert.ts";
import type { BringUpEvent } from "./engine.ts";
import { lastingLines, liveLine, progressAfter, type ProgressState } from "./progress.ts";

const start: BringUpEvent = {
  event: "phase",
  phase: "consul-servers",
  number: 3,
  of: 11,
  title: "start the Consul servers",
  hosts: ["a", "b", "c"],
};
const host = (name: string, outcome: "done" | "failed"): BringUpEvent => ({
  event: "host",
  phase: "consul-servers",
  host: name,
  outcome,
  seconds: 0.5,
});

function after(...events: BringUpEvent[]): ProgressState {
  const state = events.reduce<ProgressState | null>((s, e) => progressAfter(s, e, 1000), null);
  assert(state !== null);
  return state;
}

Deno.test("liveLine() counts hosts and time, and names whom it waits for", () => {
  assertEquals(
    liveLine(after(start), 1000, 80),
    "[ 3/11] start the Consul servers: 0 of 3 hosts, 0.0 s",
  );
  assertEquals(
    liveLine(after(start, host("b", "done")), 2234, 80),
    "[ 3/11] start the Consul servers: 1 of 3 hosts, 1.2 s (waiting for a, c)",
  );
});

Deno.test("liveLine() fits the terminal", () => {
  assertEquals(liveLine(after(start), 1000, 20), "[ 3/11] start the …");
});

Deno.test("lastingLines() says how a phase ended and which host failed", () => {
  const state = after(start);
  const end = (outcome: "done" | "already" | "failed"): BringUpEvent => ({
    event: "phase-end",
    phase: "consul-servers",
    outcome,
    seconds: 1.44,
  });
  assertEquals(lastingLines(state, end("done")), [
    "[ 3/11] start the Consul servers ................ 1.4 s",
  ]);
  assertEquals(lastingLines(state, end("already")), [
    "[ 3/11] start the Consul servers ................ was done already",
  ]);
  assertEquals(lastingLines(state, end("failed")), [
    "[ 3/11] start the Consul servers ................ FAILED after 1.4 s",
  ]);
  assertEquals(lastingLines(state, host("b", "failed")), ["       b: FAILED after 0.5 s"]);
  assertEquals(lastingLines(state, host("b", "done")), []);
});
