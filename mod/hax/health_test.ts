import { assertEquals } from "../../tests/lib/assert.ts";
import type { ProcessRecord, ProcessState, ProcessType } from "../kv/process_state.ts";
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
    assertEquals(healthOfProcess(record, "gone", { successor: 8 }), {
      level: "warning",
      why: "pid 8 starts in place of pid 7",
    });
    assertEquals(
      healthOfProcess(record, "gone", { successor: 7 }).level,
      "critical",
      "it asked when it lived",
    );
  }
  const running = { type: "M0D", state: "STARTED", pid: 7, generation: 1 } as const;
  assertEquals(healthOfProcess(running, "there", { successor: 8 }).level, "passing");
});

const STARTED = { type: "M0D", state: "STARTED", pid: 7, generation: 1 } as const;
const STOPPED = { ...STARTED, state: "STOPPED" } as const;
const MKFS = { ...STARTED, type: "M0MKFS" } as const;

/** What is known of a process, and the health that follows. */
interface UnitCase {
  readonly unit: string;
  readonly record?: ProcessRecord;
  readonly presence?: Presence;
  readonly successor?: number;
  readonly health: string;
}
const UNITS: readonly UnitCase[] = [
  { unit: "failed", health: "critical: not started yet; its unit has failed" },
  {
    ...{ unit: "failed", record: STARTED, presence: "before this boot" },
    health: "critical: not started since this machine booted; its unit has failed",
  },
  {
    ...{ unit: "failed", record: STOPPED },
    health: "critical: the process with pid 7 has stopped; its unit has failed",
  },
  // Somebody runs it by hand.
  { unit: "failed", successor: 8, health: "warning: not started yet; its unit has failed" },
  {
    ...{ unit: "failed", record: STOPPED, successor: 8 },
    health: "warning: pid 8 starts in place of pid 7; its unit has failed",
  },
  {
    ...{ unit: "failed", record: STARTED, presence: "there" },
    health: "passing: the process with pid 7 has started; its unit has failed",
  },
  {
    ...{ unit: "inactive", record: STARTED, presence: "there" },
    health: "passing: the process with pid 7 has started; its unit is inactive (x)",
  },
  // Nobody knows which process that is; m0mkfs is not the unit's.
  {
    ...{ unit: "failed", record: { ...STARTED, pid: null }, presence: "there" },
    health: "critical: the process has started; its unit has failed",
  },
  {
    ...{ unit: "failed", record: MKFS, presence: "there" },
    health: "critical: m0mkfs with pid 7 has started; its unit has failed",
  },
  // All else is as it is without a unit.
  { unit: "activating", health: "warning: not started yet; its unit is activating (x)" },
  {
    ...{ unit: "activating", record: STARTED },
    health: "critical: the process with pid 7 is gone without a word; its unit is activating (x)",
  },
  { unit: "inactive", health: "warning: not started yet" },
  {
    ...{ unit: "inactive", record: STOPPED },
    health: "critical: the process with pid 7 has stopped",
  },
  {
    ...{ unit: "inactive", record: MKFS, presence: "there" },
    health: "warning: m0mkfs with pid 7 has started",
  },
  {
    ...{ unit: "active", record: STARTED, presence: "there" },
    health: "passing: the process with pid 7 has started",
  },
];
for (const { unit, record = null, presence = "gone", successor, health } of UNITS) {
  Deno.test(`healthOfProcess() of one whose unit is ${unit} is ${health}`, () => {
    const signs = { successor, unit: { active: unit, sub: "x" } };
    const { level, why } = healthOfProcess(record, presence, signs);
    assertEquals(`${level}: ${why}`, health);
  });
}

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
