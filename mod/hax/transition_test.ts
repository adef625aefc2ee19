import fc from "fast-check";
import { assertEquals } from "../../tests/lib/assert.ts";
import {
  PROCESS_STATES,
  PROCESS_TYPES,
  type ProcessState,
  type ProcessType,
} from "../kv/process_state.ts";
import {
  apply,
  type BootRecord,
  type DropReason,
  isUp,
  type ProcessEvent,
  type Report,
} from "./transition.ts";

const EVENTS = ["starting", "started", "stopping", "stopped"] as const;

function record(state: ProcessState, type: ProcessType, pid = 1, generation = 5): BootRecord {
  return { state, type, pid, generation, boot: "now", start: pid * 10 };
}

function report(
  event: Report["event"],
  type: ProcessType,
  pid: number,
  reporterExists = true,
): ProcessEvent {
  const start = reporterExists ? pid * 10 : null;
  return { kind: "report", report: { event, type, pid }, boot: "now", start };
}

/** `STARTED 5` or the reason why the event is dropped. */
function outcome(before: BootRecord | null, event: ProcessEvent): string {
  const result = apply(before, event);
  return result.applied ? `${result.record.state} ${result.record.generation}` : result.why;
}

// What the process on record says next, by what is recorded of it: the same for every type.
const OWN: Readonly<Record<ProcessState, readonly string[]>> = {
  //          starting      started         stopping        stopped
  STARTING: ["repeated", "STARTED 5", "STOPPING 5", "STOPPED 5"],
  STARTED: ["STARTING 6", "repeated", "STOPPING 5", "STOPPED 5"],
  STOPPING: ["STARTING 6", "out of order", "repeated", "STOPPED 5"],
  STOPPED: ["STARTING 6", "out of order", "out of order", "repeated"],
};
for (const type of PROCESS_TYPES) {
  for (const state of PROCESS_STATES) {
    Deno.test(`apply() takes the reports of a ${type} that is ${state}`, () => {
      const outcomes = EVENTS.map((event) => outcome(record(state, type), report(event, type, 1)));
      assertEquals(outcomes, OWN[state]);
    });
  }
}

const ANOTHER = "of another generation" satisfies DropReason;
const BESIDE = "m0mkfs beside a running m0d" satisfies DropReason;

// What another process of the same fid says: only m0mkfs cannot begin while an m0d is up.
for (const recorded of PROCESS_TYPES) {
  for (const reporting of PROCESS_TYPES) {
    for (const state of PROCESS_STATES) {
      const beside = recorded === "M0D" && reporting === "M0MKFS" ? BESIDE : "STARTING 6";
      const expected = state === "STOPPED"
        ? ["STARTING 6", "STARTED 6", "STOPPING 6", ANOTHER]
        : [beside, ANOTHER, ANOTHER, ANOTHER];
      Deno.test(`apply() takes reports of another ${reporting} beside a ${recorded} ${state}`, () => {
        const outcomes = EVENTS.map((event) =>
          outcome(record(state, recorded), report(event, reporting, 2))
        );
        assertEquals(outcomes, expected);
      });
    }
  }
}

Deno.test("apply() takes a late STOPPED of m0mkfs for what it is, even with m0d's pid", () => {
  assertEquals(outcome(record("STARTED", "M0D"), report("stopped", "M0MKFS", 1)), ANOTHER);
});

Deno.test("apply() begins with whatever is reported first", () => {
  for (const type of PROCESS_TYPES) {
    const outcomes = EVENTS.map((event) => outcome(null, report(event, type, 1)));
    assertEquals(outcomes, ["STARTING 1", "STARTED 1", "STOPPING 1", "STOPPED 1"]);
  }
});

Deno.test("apply() adopts a process whose record does not tell its pid", () => {
  const bare = { ...record("STARTED", "M0D"), type: null, pid: null, generation: null };
  assertEquals(apply(bare, report("stopping", "M0D", 7)), {
    applied: true,
    record: record("STOPPING", "M0D", 7, 1),
  });
});

Deno.test("apply() drops what comes from a process that is gone, but not that it stopped", () => {
  const late = EVENTS.map((event) => outcome(null, report(event, "M0D", 1, false)));
  const gone = "from a process that is gone";
  assertEquals(late, [gone, gone, gone, "STOPPED 1"]);
});

Deno.test("apply() takes a death for its own generation only, and once", () => {
  const death = (pid: number, generation: number): ProcessEvent => ({
    kind: "death",
    pid,
    generation,
  });
  for (const type of PROCESS_TYPES) {
    for (const state of ["STARTING", "STARTED", "STOPPING"] as const) {
      assertEquals(outcome(record(state, type), death(1, 5)), "STOPPED 5");
      assertEquals(outcome(record(state, type), death(1, 4)), ANOTHER);
      assertEquals(outcome(record(state, type), death(2, 5)), ANOTHER);
    }
    assertEquals(outcome(record("STOPPED", type), death(1, 5)), "repeated");
  }
  assertEquals(outcome(null, death(1, 5)), ANOTHER);
});

// A life: what one process reports, in its order, perhaps cut short by a death.
const life = fc.record({
  type: fc.constantFrom("M0D" as const, "M0MKFS" as const),
  until: fc.constantFrom(...PROCESS_STATES),
  /** Reports of this life that arrive again, or only now, after the next one has begun. */
  late: fc.integer({ min: 0, max: EVENTS.length }),
});

Deno.test("apply() ends with the state of the last start, whatever arrives late", () => {
  fc.assert(fc.property(fc.array(life, { minLength: 1, maxLength: 6 }), (lives) => {
    let now: BootRecord | null = null;
    let generation = 0;
    const step = (event: ProcessEvent) => {
      const result = apply(now, event);
      if (result.applied) now = result.record;
    };
    let late: ProcessEvent[] = [];
    lives.forEach(({ type, until, late: again }, i) => {
      const pid = i + 1;
      const present: BootRecord | null = now;
      // The recorder establishes a death before the next process's reports.
      if (isUp(present)) {
        step({ kind: "death", pid: present.pid, generation: present.generation });
      }
      step(report("starting", type, pid));
      generation += 1;
      for (const event of EVENTS.slice(1, PROCESS_STATES.indexOf(until) + 1)) {
        step(report(event, type, pid));
      }
      const before: BootRecord | null = now;
      late.forEach(step);
      assertEquals(now, before, "what older generations say changes nothing");
      assertEquals(now, record(until, type, pid, generation));
      late = EVENTS.slice(0, again).map((event) => report(event, type, pid, false));
    });
  }));
});

const anyEvent: fc.Arbitrary<ProcessEvent> = fc.oneof(
  fc.record({
    kind: fc.constant("report" as const),
    report: fc.record({
      event: fc.constantFrom(...EVENTS),
      type: fc.constantFrom(...PROCESS_TYPES),
      pid: fc.integer({ min: 1, max: 3 }),
    }),
    boot: fc.constantFrom("now", "before"),
    start: fc.constantFrom(10, 20, null),
  }),
  fc.record({
    kind: fc.constant("death" as const),
    pid: fc.integer({ min: 1, max: 3 }),
    generation: fc.integer({ min: 1, max: 4 }),
  }),
);

Deno.test("apply() never goes back: not a generation, nor a state within one", () => {
  fc.assert(fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
    let before: BootRecord | null = null;
    for (const event of events) {
      const result = apply(before, event);
      if (!result.applied) continue;
      const [a, b]: [BootRecord | null, BootRecord] = [before, result.record];
      const order = (r: BootRecord) => PROCESS_STATES.indexOf(r.state);
      if (a !== null && a.generation === b.generation) {
        assertEquals([a.pid, a.type], [b.pid, b.type]);
        assertEquals(order(b) > order(a), true, `${a.state} to ${b.state}`);
      } else {
        assertEquals(b.generation, (a?.generation ?? 0) + 1);
      }
      before = b;
    }
  }));
});

Deno.test("apply() drops an event that was applied already", () => {
  fc.assert(fc.property(fc.array(anyEvent, { maxLength: 20 }), anyEvent, (events, event) => {
    let now: BootRecord | null = null;
    for (const one of [...events, event]) {
      const result = apply(now, one);
      if (result.applied) now = result.record;
      else if (one === event) return;
    }
    assertEquals(apply(now, event).applied, false);
  }));
});

Deno.test("apply() tells a process from another that has its pid", () => {
  const starting = { event: "starting", type: "M0D", pid: 1 } as const;
  const reported = { kind: "report", report: starting, boot: "now", start: 10 } as const;
  const before = record("STARTING", "M0D", 1);
  assertEquals(outcome(before, reported), "repeated");
  assertEquals(outcome(before, { ...reported, start: 11 }), "STARTING 6");
  assertEquals(outcome(before, { ...reported, boot: "later" }), "STARTING 6");
  assertEquals(outcome({ ...before, boot: null, start: null }, reported), "repeated");
  const started = { ...reported, report: { ...starting, event: "started" }, start: 11 } as const;
  assertEquals(outcome(before, started), "of another generation");
  assertEquals(outcome(record("STOPPED", "M0D", 1), started), "STARTED 6");
});
