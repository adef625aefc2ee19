import { assertEquals } from "../../tests/lib/assert.ts";
import type { ProcessState, ProcessType } from "../kv/process_state.ts";
import { type HaxCondition, healthOfHax, healthOfProcess, type Level } from "./health.ts";
import type { Presence } from "./presence.ts";

const PRESENCES: readonly Presence[] = ["there", "gone", "before this boot"];

// Health by type and state, for each presence.
const TABLE: readonly (readonly [ProcessType, ProcessState, readonly Level[]])[] = [
  ["M0D", "STARTING", ["warning", "critical", "warning"]],
  ["M0D", "STARTED", ["passing", "critical", "warning"]],
  ["M0D", "STOPPING", ["warning", "critical", "warning"]],
  ["M0D", "STOPPED", ["critical", "critical", "warning"]],
  ["M0MKFS", "STARTING", ["warning", "warning", "warning"]],
  ["M0MKFS", "STARTED", ["warning", "warning", "warning"]],
  ["M0MKFS", "STOPPING", ["warning", "warning", "warning"]],
  ["M0MKFS", "STOPPED", ["warning", "warning", "warning"]],
  ["OTHER", "STARTED", ["passing", "critical", "warning"]],
  ["OTHER", "STOPPED", ["critical", "critical", "warning"]],
];
for (const [type, state, levels] of TABLE) {
  Deno.test(`healthOfProcess() of a ${type} that is ${state}`, () => {
    const record = { type, state, pid: 7, generation: 1 };
    const found = PRESENCES.map((presence) => healthOfProcess(record, presence).level);
    assertEquals(found, levels);
  });
}

Deno.test("healthOfProcess() says why", () => {
  const record = { type: "M0D", state: "STARTED", pid: 7, generation: 1 } as const;
  assertEquals(
    healthOfProcess(record, "gone").why,
    "the process with pid 7 is gone without a word",
  );
  assertEquals(healthOfProcess({ ...record, pid: null }, "there").why, "the process has started");
  assertEquals(healthOfProcess(null, "gone"), { level: "warning", why: "not started yet" });
});

Deno.test("healthOfProcess() is not critical where another starts in place of what is gone", () => {
  for (const state of ["STARTED", "STOPPED"] as const) {
    const record = { type: "M0D", state, pid: 7, generation: 1 } as const;
    assertEquals(healthOfProcess(record, "gone", 8), {
      level: "warning",
      why: "pid 8 starts in place of pid 7",
    });
    assertEquals(healthOfProcess(record, "gone", 7).level, "critical", "it asked when it lived");
  }
  const running = { type: "M0D", state: "STARTED", pid: 7, generation: 1 } as const;
  assertEquals(healthOfProcess(running, "there", 8).level, "passing");
});

const WELL: HaxCondition = {
  waits: null,
  consulAway: null,
  link: "up",
  queueLength: 1,
  queueCapacity: 2,
};
const CONDITIONS: readonly (readonly [Partial<HaxCondition>, Level, string])[] = [
  [{}, "passing", "hax serves its node"],
  [{ waits: "no service" }, "warning", "hax waits: no service"],
  [{ waits: "x", consulAway: "refused" }, "warning", "Consul cannot be asked: refused"],
  [{ consulAway: "refused", queueLength: 2 }, "critical", "the queue of process events is full"],
];
for (const [difference, level, why] of CONDITIONS) {
  Deno.test(`healthOfHax() is ${level}: ${why}`, () => {
    const condition = { ...WELL, ...difference };
    assertEquals(healthOfHax(condition), { level, why, ...condition });
  });
}
