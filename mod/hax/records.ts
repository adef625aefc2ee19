/**
 * The records of this node's processes, `processes/<fid>` in KV. A change of a record and the event
 * about it on the event queue are one transaction: who sees the one will see the other.
 *
 * @module
 */

import * as z from "zod";
import { type Consul, type KvEntry, MAX_TXN_OPS, txn } from "../consul/mod.ts";
import { retryCas } from "../kv/cas_retry.ts";
import { enqueueOps } from "../kv/enqueue.ts";
import { readCounter } from "../kv/epoch_counter.ts";
import { KvValueError } from "../kv/errors.ts";
import { formatEvent } from "../kv/event.ts";
import { EQ_PREFIX, parseProcessKey, PROCESSES_PREFIX, processKey } from "../kv/keys.ts";
import { parseProcessState, processRecordJson } from "../kv/process_state.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { PAUSES } from "./write_in_turn.ts";
import { apply, type BootRecord, type ProcessEvent, type Transition } from "./transition.ts";

/** What {@linkcode ProcessRecords} stand on. */
export interface RecordsDeps {
  readonly consul: {
    readonly kv: Pick<Consul["kv"], "get" | "keys" | "list">;
    readonly txn: Consul["txn"];
  };
  readonly log: Logger;
}

/** An event, and the process to which it happened. */
export interface Happening {
  readonly fid: Fid;
  readonly event: ProcessEvent;
}

/** What became of a {@linkcode Happening}. */
export interface Outcome extends Happening {
  readonly transition: Transition;
}

/** A record as this hax last read or wrote it. */
interface Stored {
  readonly record: BootRecord | null;
  readonly modifyIndex: number;
}

/** A record that is to be written in the place of what is stored. */
interface Change {
  readonly fid: Fid;
  readonly record: BootRecord;
  readonly modifyIndex: number;
}

/** How many one transaction takes: each is a record and an entry, and all have one counter. */
export const MAX_HAPPENINGS = Math.floor((MAX_TXN_OPS - 1) / 2);

const TIMEOUT_MS = 5_000;

/** The records of one node. Their only writer is the node's hax. */
export class ProcessRecords {
  readonly #deps: RecordsDeps;
  readonly #stored = new Map<string, Stored>();

  constructor(deps: RecordsDeps) {
    this.#deps = deps;
  }

  /**
   * Reads the records of these processes.
   *
   * @throws {ConsulError} when Consul cannot be asked
   */
  async load(fids: readonly Fid[], signal: AbortSignal): Promise<void> {
    const entries = new Map<string, KvEntry>();
    for (const entry of await this.#deps.consul.kv.list(PROCESSES_PREFIX, this.#call(signal))) {
      const fid = parseProcessKey(entry.key);
      if (fid !== null) entries.set(formatFid(fid), entry);
    }
    for (const fid of fids) this.#keep(fid, entries.get(formatFid(fid)) ?? null);
  }

  /** What is recorded of a process; `null` where it never reported. */
  get(fid: Fid): BootRecord | null {
    return this.#stored.get(formatFid(fid))?.record ?? null;
  }

  /**
   * Applies events to the records of their processes, in KV and on the event queue, all in one
   * transaction and in their order. An event that was committed without an answer is found in the
   * record when it is committed again, and is then dropped.
   *
   * @param happenings at most {@linkcode MAX_HAPPENINGS}, and at most one of each process
   * @throws {HareError} when it could not be done; it may have been
   */
  async commit(
    happenings: readonly Happening[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const { consul } = this.#deps;
    const call = this.#call(signal);
    let atLeast = 0;
    return await retryCas<readonly Outcome[]>("record states of processes", async () => {
      const { outcomes, changes } = await this.#apply(happenings, signal);
      if (changes.length === 0) return { done: true, value: outcomes };
      const puts = changes.map(({ fid, record, modifyIndex }) =>
        txn.cas(processKey(fid), valueOf(record), modifyIndex)
      );
      // Read last: who counts between this and the transaction has it refused.
      const counter = await readCounter(consul, call);
      const { ops, epochs } = enqueueOps(counter, EQ_PREFIX, changes.map(eventText), atLeast);
      const result = await consul.txn([...puts, ...ops], call);
      if (result.ok) {
        for (const [i, { fid, record }] of changes.entries()) {
          const modifyIndex = result.entries[i]?.modifyIndex ?? 0;
          this.#stored.set(formatFid(fid), { record, modifyIndex });
        }
        return { done: true, value: outcomes };
      }
      for (const { index } of result.errors) {
        const refused = changes[index];
        if (refused !== undefined) await this.#read(refused.fid, signal);
        // The key of a number to come is taken: an operator typed an entry by hand.
        const taken = epochs[index - puts.length - 1];
        if (taken !== undefined) atLeast = taken + 1;
      }
      return { done: false, why: result.errors.map(({ what }) => what).join("; ") };
    }, { ...call, pauses: PAUSES });
  }

  /** What becomes of the events, and of the records of those that change them. */
  async #apply(
    happenings: readonly Happening[],
    signal: AbortSignal,
  ): Promise<{ outcomes: readonly Outcome[]; changes: readonly Change[] }> {
    const outcomes: Outcome[] = [];
    const changes: Change[] = [];
    for (const { fid, event } of happenings) {
      const stored = this.#stored.get(formatFid(fid)) ?? await this.#read(fid, signal);
      const transition = apply(stored.record, event);
      outcomes.push({ fid, event, transition });
      if (!transition.applied) continue;
      changes.push({ fid, record: transition.record, modifyIndex: stored.modifyIndex });
    }
    return { outcomes, changes };
  }

  async #read(fid: Fid, signal: AbortSignal): Promise<Stored> {
    const entry = await this.#deps.consul.kv.get(processKey(fid), this.#call(signal));
    return this.#keep(fid, entry);
  }

  #keep(fid: Fid, entry: KvEntry | null): Stored {
    const stored = { record: this.#parse(entry), modifyIndex: entry?.modifyIndex ?? 0 };
    this.#stored.set(formatFid(fid), stored);
    return stored;
  }

  /** A record that does not parse is none; the next report replaces it. */
  #parse(entry: KvEntry | null): BootRecord | null {
    if (entry === null) return null;
    try {
      return { ...parseProcessState(entry), ...instanceOf(entry.value) };
    } catch (error) {
      if (!(error instanceof KvValueError)) throw error;
      this.#deps.log.warn("{error}", { error: error.message });
      return null;
    }
  }

  #call(signal: AbortSignal): { signal: AbortSignal; timeoutMs: number } {
    return { signal, timeoutMs: TIMEOUT_MS };
  }
}

const instanceSchema = z.object({
  boot: z.string().nullable().catch(null),
  start: z.int().nonnegative().nullable().catch(null),
});

function instanceOf(value: string): Pick<BootRecord, "boot" | "start"> {
  return instanceSchema.parse(JSON.parse(value));
}

function valueOf(record: BootRecord): string {
  return JSON.stringify({
    ...processRecordJson(record),
    ...(record.boot === null ? {} : { boot: record.boot }),
    ...(record.start === null ? {} : { start: record.start }),
  });
}

function eventText({ fid, record }: Change): string {
  return formatEvent({
    type: "process",
    body: { fid: formatFid(fid), ...processRecordJson(record) },
  });
}
