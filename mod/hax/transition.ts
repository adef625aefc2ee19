/**
 * The life of a Mero process as hax records it: one pure function from what is known and what
 * happened to what is known then, or to the reason why the event changes nothing.
 *
 * Each start of a process is a generation of its own, counted per fid. What an older generation
 * says late never touches the present one, and what m0mkfs says never touches a running m0d,
 * though both have the same fid (spec: lessons.md).
 *
 * @module
 */

import {
  PROCESS_STATES,
  type ProcessRecord,
  type ProcessState,
  type ProcessType,
} from "../kv/process_state.ts";

/** What a Mero process says of itself. */
export interface Report {
  readonly event: "starting" | "started" | "stopping" | "stopped";
  readonly type: ProcessType;
  readonly pid: number;
}

/** What happened to a process. */
export type ProcessEvent =
  | {
    readonly kind: "report";
    readonly report: Report;
    /** The reporter was there when its report arrived; else the report is late. */
    readonly reporterExists: boolean;
  }
  | {
    /** There is no such process any more, and it did not say that it stopped. */
    readonly kind: "death";
    readonly pid: number | null;
    readonly generation: number | null;
  };

/** Why an event changes nothing. */
export type DropReason =
  | "repeated"
  | "out of order"
  | "from a process that is gone"
  | "of another generation"
  | "m0mkfs beside a running m0d";

/** What an event does. */
export type Transition =
  | { readonly applied: true; readonly record: ProcessRecord }
  | { readonly applied: false; readonly why: DropReason };

/**
 * Applies `event` to what is recorded of its process.
 *
 * @param record `null` where the process never reported
 */
export function apply(record: ProcessRecord | null, event: ProcessEvent): Transition {
  switch (event.kind) {
    case "death":
      return applyDeath(record, event);
    case "report":
      if (!event.reporterExists && event.report.event !== "stopped") {
        return dropped("from a process that is gone");
      }
      return event.report.event === "starting"
        ? applyStarting(record, event.report)
        : applyLater(record, event.report);
  }
}

/** Whether the process should be there, by its record. */
export function isUp(record: ProcessRecord | null): record is ProcessRecord {
  return record !== null && record.state !== "STOPPED";
}

function applyDeath(
  record: ProcessRecord | null,
  death: { readonly pid: number | null; readonly generation: number | null },
): Transition {
  if (record?.pid !== death.pid || record.generation !== death.generation) {
    return dropped("of another generation");
  }
  return isUp(record) ? changed(record, "STOPPED") : dropped("repeated");
}

/** A start opens a generation. */
function applyStarting(record: ProcessRecord | null, report: Report): Transition {
  if (record?.state === "STARTING" && isOf(record, report)) return dropped("repeated");
  if (report.type === "M0MKFS" && isUp(record) && record.type === "M0D") {
    return dropped("m0mkfs beside a running m0d");
  }
  return opened(record, report, "STARTING");
}

/** What follows a start, or stands in for a start that was not seen. */
function applyLater(record: ProcessRecord | null, report: Report): Transition {
  const state = STATE_AFTER[report.event];
  if (record === null || record.pid === null) return opened(record, report, state);
  if (!isOf(record, report)) {
    const missedStart = !isUp(record) && state !== "STOPPED";
    return missedStart ? opened(record, report, state) : dropped("of another generation");
  }
  if (record.state === state) return dropped("repeated");
  const isNext = PROCESS_STATES.indexOf(state) > PROCESS_STATES.indexOf(record.state);
  return isNext ? changed(record, state) : dropped("out of order");
}

const STATE_AFTER: Readonly<Record<Report["event"], ProcessState>> = {
  starting: "STARTING",
  started: "STARTED",
  stopping: "STOPPING",
  stopped: "STOPPED",
};

function isOf(record: ProcessRecord, report: Report): boolean {
  return record.pid === report.pid && record.type === report.type;
}

function opened(
  record: ProcessRecord | null,
  { type, pid }: Report,
  state: ProcessState,
): Transition {
  const generation = (record?.generation ?? 0) + 1;
  return { applied: true, record: { state, type, pid, generation } };
}

function changed(record: ProcessRecord, state: ProcessState): Transition {
  return { applied: true, record: { ...record, state } };
}

function dropped(why: DropReason): Transition {
  return { applied: false, why };
}
