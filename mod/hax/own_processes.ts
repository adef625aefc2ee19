/**
 * The Mero processes of hax's own node: what they say, whether they are there, and what is on
 * record of them.
 *
 * @module
 */

import type { ConfProcess } from "../kv/cluster.ts";
import type { Clock } from "../lib/clock.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { Counter, gauge, type Metric } from "../lib/metrics.ts";
import { runAndFlush } from "./flush.ts";
import { type PidExists, type Presence, presenceOf } from "./presence.ts";
import { Recorder } from "./recorder.ts";
import { type BootRecord, ProcessRecords, type RecordsDeps } from "./records.ts";
import { isUp, type Report } from "./transition.ts";

/** What {@linkcode OwnProcesses} stand on. */
export interface OwnProcessesDeps {
  readonly consul: RecordsDeps["consul"];
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly pidExists: PidExists;
  /** Id of this machine's boot; `null` where it cannot be told. */
  readonly boot: string | null;
  readonly log: Logger;
  /** Reports that may wait while Consul is away. {@default 1024} */
  readonly queueCapacity?: number | undefined;
  /** The processes, as the configuration has them now. */
  readonly own: () => readonly ConfProcess[];
  /** Is told that something has been recorded. */
  readonly onRecorded: () => void;
}

/** What becomes of a report. */
export type Reception =
  | "taken"
  /** There is no room: come again. */
  | "not now"
  /** The configuration has no such process on this node. */
  | "not of this node";

/** Pause between two looks at whether the processes are there. */
const PATROL_MS = 2_000;

/** This node's processes. */
export class OwnProcesses {
  readonly #deps: OwnProcessesDeps;
  readonly #records: ProcessRecords;
  readonly #recorder: Recorder;
  readonly #events = new Counter("hare_hax_process_events_total", "Events of Mero processes.");
  /** Generations whose death is in the queue, by fid. */
  readonly #deaths = new Map<string, number | null>();
  /** The last thing that each process said when there was no room for it. */
  readonly #late = new Map<string, { readonly fid: Fid; readonly report: Report }>();

  constructor(deps: OwnProcessesDeps) {
    this.#deps = deps;
    const { consul, boot, log } = deps;
    this.#records = new ProcessRecords({ consul, boot, log });
    this.#recorder = new Recorder(this.#records, {
      ...deps,
      capacity: deps.queueCapacity,
      onOutcome: (event, transition) => {
        this.#events.add({
          event: event.kind === "report" ? event.report.event : "death",
          outcome: transition.applied ? "recorded" : transition.why,
        });
        if (transition.applied) deps.onRecorded();
      },
    });
  }

  /** Reports that wait to be recorded, and how many may. */
  get queue(): { readonly length: number; readonly capacity: number } {
    return this.#recorder.queue;
  }

  /**
   * Reads what is on record of these processes.
   *
   * @throws {ConsulError} when Consul cannot be asked
   */
  async load(processes: readonly ConfProcess[], signal: AbortSignal): Promise<void> {
    await this.#records.load(processes.map(({ fid }) => fid), signal);
  }

  /** Whether the process is one of this node. */
  has(fid: Fid): boolean {
    return this.#deps.own().some((own) => formatFid(own.fid) === formatFid(fid));
  }

  /** Takes what a process says of itself; it is recorded later, in the order of reports. */
  report(fid: Fid, report: Report): Reception {
    if (!this.has(fid)) return "not of this node";
    const reporterExists = this.#deps.pidExists(report.pid);
    return this.#recorder.offer(fid, { kind: "report", report, reporterExists })
      ? "taken"
      : "not now";
  }

  /**
   * As {@linkcode OwnProcesses.report}, for whoever cannot come again: where there is no room, the
   * last thing that a process said is kept until there is.
   */
  hear(fid: Fid, report: Report): void {
    const { log } = this.#deps;
    const process = formatFid(fid);
    const { event } = report;
    this.#late.delete(process);
    switch (this.report(fid, report)) {
      case "taken":
        return;
      case "not of this node":
        log.warn("{process} is {event}, but the configuration has it on no or another node", {
          process,
          event,
        });
        return;
      case "not now":
        log.error("there is no room to record that {process} is {event}; the last event is kept", {
          process,
          event,
        });
        this.#late.set(process, { fid, report });
    }
  }

  /** A process on record and whether it is there; if it died without a word, that is recorded. */
  look(fid: Fid): { readonly record: BootRecord | null; readonly presence: Presence } {
    const record = this.#records.get(fid);
    if (record === null) return { record, presence: "gone" };
    const presence = presenceOf(record, this.#deps);
    const { pid, generation } = record;
    const key = formatFid(fid);
    if (isUp(record) && presence !== "there" && this.#deaths.get(key) !== generation) {
      if (this.#recorder.offer(fid, { kind: "death", pid, generation })) {
        this.#deaths.set(key, generation);
      }
    }
    return { record, presence };
  }

  /** Whether the process is there, by its record and by the kernel. */
  isUp(fid: Fid): boolean {
    const { record, presence } = this.look(fid);
    return isUp(record) && presence === "there";
  }

  /** Those that are there. */
  running(): readonly { readonly fid: Fid; readonly pid: number }[] {
    return this.#deps.own().flatMap(({ fid }) => {
      const { record, presence } = this.look(fid);
      const isThere = isUp(record) && presence === "there" && record.pid !== null;
      return isThere ? [{ fid, pid: record.pid }] : [];
    });
  }

  /** Looks at each of the processes. */
  lookAtAll(): void {
    for (const { fid } of this.#deps.own()) this.look(fid);
  }

  /**
   * Looks after the processes until `signal` is aborted, so that a death is recorded even if nobody
   * asks.
   */
  async patrol(signal: AbortSignal): Promise<never> {
    while (true) {
      this.lookAtAll();
      for (const { fid, report } of [...this.#late.values()]) this.hear(fid, report);
      await this.#deps.clock.sleep(PATROL_MS, signal);
    }
  }

  /** Records what is taken; once `signal` is aborted only what waits, within a time limit. */
  async record(signal: AbortSignal): Promise<void> {
    if (await runAndFlush(this.#recorder, signal)) return;
    this.#deps.log.error("{n} events of processes are lost", { n: this.queue.length });
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    const { length, capacity } = this.queue;
    const samples = this.#deps.own().flatMap(({ fid }) => {
      const record = this.#records.get(fid);
      return record === null ? [] : [{
        labels: { fid: formatFid(fid), type: record.type ?? "", state: record.state },
        value: 1,
      }];
    });
    return [
      gauge("hare_hax_queue_length", "Process events that wait to be recorded.", length),
      gauge("hare_hax_queue_capacity", "Process events that may wait.", capacity),
      {
        name: "hare_hax_process_state",
        help: "Recorded states of this node's Mero processes.",
        type: "gauge",
        samples,
      },
      this.#events.metric(),
    ];
  }
}
