/**
 * Recording what happens to this node's processes, one event after the other, however long Consul
 * is away: events wait in a bounded queue, and what does not fit is refused, so that the reporter
 * knows and comes again.
 *
 * @module
 */

import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { type PresenceDeps, presenceOf } from "./presence.ts";
import type { ProcessRecords } from "./records.ts";
import { isUp, type ProcessEvent, type Transition } from "./transition.ts";

/** What a {@linkcode Recorder} stands on. */
export interface RecorderDeps extends PresenceDeps {
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Events that may wait. {@default 1024} */
  readonly capacity?: number | undefined;
  /** Is told what became of each event. */
  readonly onOutcome: (event: ProcessEvent, transition: Transition) => void;
}

interface Entry {
  readonly fid: Fid;
  readonly event: ProcessEvent;
}

/** Consul's return is noticed within a second. */
const RETRY = { baseMs: 100, maxMs: 1_000 };
/** A node has some dozen processes, each with four events a life. */
const CAPACITY = 1024;

/** Records events in the order in which they were offered. */
export class Recorder {
  readonly #records: ProcessRecords;
  readonly #deps: RecorderDeps;
  readonly #queue: BoundedQueue<Entry>;

  constructor(records: ProcessRecords, deps: RecorderDeps) {
    this.#records = records;
    this.#deps = deps;
    this.#queue = new BoundedQueue(deps.capacity ?? CAPACITY);
  }

  /** How many events wait, and how many may. */
  get queue(): { readonly length: number; readonly capacity: number } {
    return this.#queue;
  }

  /** Takes an event, unless the queue is full or closed: then `false`. */
  offer(fid: Fid, event: ProcessEvent): boolean {
    return this.#queue.offer({ fid, event });
  }

  /** Takes no more events; {@linkcode Recorder.run} ends when those that wait are recorded. */
  close(): void {
    this.#queue.close();
  }

  /**
   * Records events until the recorder is closed.
   *
   * @throws the signal's reason when `signal` is aborted before; what waits then is lost
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.serve((entry) => this.#record(entry, signal));
  }

  /** Tries until it is done: nothing may overtake. */
  async #record(entry: Entry, signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (let failures = 0;;) {
      try {
        return await this.#recordOnce(entry, signal);
      } catch (error) {
        if (!(error instanceof HareError) || signal.aborted) throw error;
        failures += 1;
        const level = failures === 1 ? "warn" : "debug";
        log[level]("{event} is not recorded yet: {error}", {
          event: describe(entry),
          error: error.message,
        });
      }
      await clock.sleep(backoffMs(failures, { ...RETRY, random }), signal);
    }
  }

  async #recordOnce({ fid, event }: Entry, signal: AbortSignal): Promise<void> {
    if (event.kind === "report") await this.#recordDeathBefore(fid, event.report.pid, signal);
    await this.#commit({ fid, event }, signal);
  }

  /** Another process reports: if the one on record died without a word, that comes first. */
  async #recordDeathBefore(fid: Fid, pid: number, signal: AbortSignal): Promise<void> {
    const record = this.#records.get(fid);
    if (!isUp(record) || record.pid === pid) return;
    if (presenceOf(record, this.#deps) === "there") return;
    const { generation } = record;
    await this.#commit({ fid, event: { kind: "death", pid: record.pid, generation } }, signal);
  }

  async #commit(entry: Entry, signal: AbortSignal): Promise<void> {
    const { log, onOutcome } = this.#deps;
    const transition = await this.#records.commit(entry.fid, entry.event, signal);
    onOutcome(entry.event, transition);
    if (!transition.applied) {
      log.debug("{event} is dropped: {why}", { event: describe(entry), why: transition.why });
    } else {
      const { state, generation } = transition.record;
      log.info("{event}: {state}, generation {generation}", {
        event: describe(entry),
        state,
        generation,
      });
    }
  }
}

function describe({ fid, event }: Entry): string {
  const process = formatFid(fid);
  switch (event.kind) {
    case "report":
      return `${process}: ${event.report.type} with pid ${event.report.pid} is ${event.report.event}`;
    case "death":
      return `${process}: pid ${event.pid} is gone without a word`;
  }
}
