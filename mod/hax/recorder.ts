/**
 * Recording what happens to this node's processes, in order, however long Consul is away: events wait
 * in a bounded queue, and what does not fit is refused, so that the reporter knows and comes again.
 *
 * @module
 */

import { type Fid, formatFid } from "../lib/fid.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { type PresenceDeps, presenceOf } from "./presence.ts";
import { type Happening, MAX_HAPPENINGS, type Outcome, type ProcessRecords } from "./records.ts";
import { type TurnDeps, writeInTurn } from "./write_in_turn.ts";
import { isSameProcess, isUp, type ProcessEvent, type Transition } from "./transition.ts";

/** What a {@linkcode Recorder} stands on. */
export interface RecorderDeps extends PresenceDeps, TurnDeps {
  /** Events that may wait. {@default 1024} */
  readonly capacity?: number | undefined;
  /** Is told what became of each event. */
  readonly onOutcome: (event: ProcessEvent, transition: Transition) => void;
}

/** A node has some dozen processes, each with four events a life. */
const CAPACITY = 1024;

/** Records events in the order in which they were offered. */
export class Recorder {
  readonly #records: ProcessRecords;
  readonly #deps: RecorderDeps;
  readonly #queue: BoundedQueue<Happening>;

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
    const record = (waiting: readonly Happening[]) => this.#record(waiting, signal);
    await writeInTurn(this.#queue, "events of processes", record, this.#deps, signal);
  }

  /** Records the first of what waits, and returns how many. */
  async #record(waiting: readonly Happening[], signal: AbortSignal): Promise<number> {
    const { batch, taken } = this.#firstOf(waiting);
    const outcomes = await this.#records.commit(batch, signal);
    for (const outcome of outcomes) this.#tell(outcome);
    return taken;
  }

  /**
   * What is recorded together: the oldest, but only one event of each process. Else one that was
   * committed without an answer could not be found out from the record.
   */
  #firstOf(waiting: readonly Happening[]): { batch: readonly Happening[]; taken: number } {
    const batch = new Map<string, Happening>();
    for (const happening of waiting.slice(0, MAX_HAPPENINGS)) {
      const process = formatFid(happening.fid);
      if (batch.has(process)) break;
      const death = this.#deathBefore(happening);
      batch.set(process, death ?? happening);
      if (death !== null) return { batch: [...batch.values()], taken: batch.size - 1 };
    }
    return { batch: [...batch.values()], taken: batch.size };
  }

  /** Another process reports: if the one on record died without a word, that comes first. */
  #deathBefore({ fid, event }: Happening): Happening | null {
    const record = this.#records.get(fid);
    if (event.kind !== "report" || !isUp(record) || isSameProcess(record, event)) return null;
    if (presenceOf(fid, record, this.#deps) === "there") return null;
    const { pid, generation } = record;
    return { fid, event: { kind: "death", pid, generation } };
  }

  #tell({ fid, event, transition }: Outcome): void {
    const { log, onOutcome } = this.#deps;
    onOutcome(event, transition);
    const what = describe(fid, event);
    if (!transition.applied) {
      log.debug("{event} is dropped: {why}", { event: what, why: transition.why });
    } else {
      const { state, generation } = transition.record;
      log.info("{event}: {state}, generation {generation}", { event: what, state, generation });
    }
  }
}

function describe(fid: Fid, event: ProcessEvent): string {
  const process = formatFid(fid);
  switch (event.kind) {
    case "report":
      return `${process}: ${event.report.type} with pid ${event.report.pid} is ${event.report.event}`;
    case "death":
      return `${process}: pid ${event.pid} is gone without a word`;
  }
}
