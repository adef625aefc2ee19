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
import { type Presence, type PresenceDeps, presenceOf } from "./presence.ts";
import { Recorder } from "./recorder.ts";
import { ProcessRecords, type RecordsDeps } from "./records.ts";
import { type BootRecord, isUp, type Report } from "./transition.ts";

/** What {@linkcode OwnProcesses} stand on. */
export interface OwnProcessesDeps extends PresenceDeps {
  readonly consul: RecordsDeps["consul"];
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
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
  | "not of this node"
  /** The reporter does not belong to a unit of the process. */
  | "not of its unit";

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
    const { consul, log } = deps;
    this.#records = new ProcessRecords({ consul, log });
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

  /**
   * Accepts a report about a process and records it later, in the order of the reports. The
   * reporter must belong to a unit of that process.
   */
  report(fid: Fid, report: Report): Reception {
    if (!this.has(fid)) return "not of this node";
    if (this.#deps.isOfUnit(report.pid, fid) === false) return "not of its unit";
    return this.#take(fid, report);
  }

  #take(fid: Fid, report: Report): "taken" | "not now" {
    const { boot, startOf } = this.#deps;
    const event = { kind: "report", report, boot, start: startOf(report.pid) } as const;
    return this.#recorder.offer(fid, event) ? "taken" : "not now";
  }

  /**
   * Accepts a report of a process about itself over the HA link. The connection identifies the
   * process, which may have been started by hand. If the queue is full, the latest report is kept
   * until there is room.
   */
  hear(fid: Fid, report: Report): void {
    const { log } = this.#deps;
    const process = formatFid(fid);
    const { event } = report;
    this.#late.delete(process);
    if (!this.has(fid)) {
      log.warn("{process} is {event}, but the configuration has it on no or another node", {
        process,
        event,
      });
    } else if (this.#take(fid, report) === "not now") {
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
    const presence = presenceOf(fid, record, this.#deps);
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
