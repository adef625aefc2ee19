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

/** A record, with data that distinguishes its process from other processes with the same pid. */
export interface BootRecord extends ProcessRecord {
  /** The machine's boot at the time of the record; `null` if the record has none. */
  readonly boot: string | null;
  /** Start time of the process, in ticks since the boot; `null` if the record has none. */
  readonly start: number | null;
}

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
    /** Start time of the reporter; `null` if it had ended when its report arrived. */
    readonly start: number | null;
    /** The machine's boot; `null` if unknown. */
    readonly boot: string | null;
  }
  | {
    /** There is no such process any more, and it did not say that it stopped. */
    readonly kind: "death";
    readonly pid: number | null;
    readonly generation: number | null;
  };

/** A report, as an event. */
export type Reported = Extract<ProcessEvent, { kind: "report" }>;

/** Why an event changes nothing. */
export type DropReason =
  | "repeated"
  | "out of order"
  | "from a process that is gone"
  | "of another generation"
  | "m0mkfs beside a running m0d";

/** What an event does. */
export type Transition =
  | { readonly applied: true; readonly record: BootRecord }
  | { readonly applied: false; readonly why: DropReason };

/**
 * Applies `event` to what is recorded of its process.
 *
 * @param record `null` where the process never reported
 */
export function apply(record: BootRecord | null, event: ProcessEvent): Transition {
  switch (event.kind) {
    case "death":
      return applyDeath(record, event);
    case "report":
      if (event.start === null && event.report.event !== "stopped") {
        return dropped("from a process that is gone");
      }
      return event.report.event === "starting"
        ? applyStarting(record, event)
        : applyLater(record, event);
  }
}

/** Whether the process should be there, by its record. */
export function isUp<T extends ProcessRecord>(record: T | null): record is T {
  return record !== null && record.state !== "STOPPED";
}

function applyDeath(
  record: BootRecord | null,
  death: { readonly pid: number | null; readonly generation: number | null },
): Transition {
  if (record?.pid !== death.pid || record.generation !== death.generation) {
    return dropped("of another generation");
  }
  return isUp(record) ? changed(record, "STOPPED") : dropped("repeated");
}

/** A start opens a generation. */
function applyStarting(record: BootRecord | null, event: Reported): Transition {
  if (record?.state === "STARTING" && isOf(record, event)) return dropped("repeated");
  if (event.report.type === "M0MKFS" && isUp(record) && record.type === "M0D") {
    return dropped("m0mkfs beside a running m0d");
  }
  return opened(record, event, "STARTING");
}

/** What follows a start, or stands in for a start that was not seen. */
function applyLater(record: BootRecord | null, event: Reported): Transition {
  const state = STATE_AFTER[event.report.event];
  if (record === null || record.pid === null) return opened(record, event, state);
  if (!isOf(record, event)) {
    const missedStart = !isUp(record) && state !== "STOPPED";
    return missedStart ? opened(record, event, state) : dropped("of another generation");
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

function isOf(record: BootRecord, event: Reported): boolean {
  return isSameProcess(record, event) && record.type === event.report.type;
}

/** Whether the reporter can be the recorded process, according to the known data of both. */
export function isSameProcess(record: BootRecord, { report, boot, start }: Reported): boolean {
  return record.pid === report.pid && isSameIfKnown(record.boot, boot) &&
    isSameIfKnown(record.start, start);
}

function isSameIfKnown<T>(a: T | null, b: T | null): boolean {
  return a === null || b === null || a === b;
}

function opened(
  record: BootRecord | null,
  { report: { type, pid }, boot, start }: Reported,
  state: ProcessState,
): Transition {
  const generation = (record?.generation ?? 0) + 1;
  return { applied: true, record: { state, type, pid, generation, boot, start } };
}

function changed(record: BootRecord, state: ProcessState): Transition {
  return { applied: true, record: { ...record, state } };
}

function dropped(why: DropReason): Transition {
  return { applied: false, why };
}
