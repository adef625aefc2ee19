/**
 * The records of this node's processes, `processes/<fid>` in KV. A change of a record and the event
 * about it on the event queue are one transaction: who sees the one will see the other.
 *
 * @module
 */

import * as z from "zod";
import { type Consul, type KvEntry, txn } from "../consul/mod.ts";
import { retryCas } from "../kv/cas_retry.ts";
import { enqueueOps } from "../kv/enqueue.ts";
import { KvValueError } from "../kv/errors.ts";
import { formatEvent } from "../kv/event.ts";
import { EPOCH, EQ_PREFIX, parseProcessKey, PROCESSES_PREFIX, processKey } from "../kv/keys.ts";
import { parseProcessState, type ProcessRecord, processRecordJson } from "../kv/process_state.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { apply, type ProcessEvent, type Transition } from "./transition.ts";

/** A record, with the boot of the machine in which it was made. */
export interface BootRecord extends ProcessRecord {
  /** `null` where the record does not tell. */
  readonly boot: string | null;
}

/** What {@linkcode ProcessRecords} stand on. */
export interface RecordsDeps {
  readonly consul: {
    readonly kv: Pick<Consul["kv"], "get" | "list">;
    readonly txn: Consul["txn"];
  };
  /** Id of this machine's boot; `null` where it cannot be told. */
  readonly boot: string | null;
  readonly log: Logger;
}

/** A record as this hax last read or wrote it. */
interface Stored {
  readonly record: BootRecord | null;
  readonly modifyIndex: number;
}

const TIMEOUT_MS = 5_000;
/** Those who contend for the event queue are the nodes of a cluster, and are soon done. */
const MAX_PAUSE_MS = 50;

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
    const own = new Set(fids.map(formatFid));
    const entries = await this.#deps.consul.kv.list(PROCESSES_PREFIX, this.#call(signal));
    for (const entry of entries) {
      const fid = parseProcessKey(entry.key);
      if (fid !== null && own.has(formatFid(fid))) this.#keep(fid, entry);
    }
  }

  /** What is recorded of a process; `null` where it never reported. */
  get(fid: Fid): BootRecord | null {
    return this.#stored.get(formatFid(fid))?.record ?? null;
  }

  /**
   * Applies `event` to the record of `fid`, in KV and on the event queue. An event that was committed
   * without an answer is found in the record when it is committed again, and is then dropped.
   *
   * @throws {HareError} when it could not be done; it may have been
   */
  async commit(fid: Fid, event: ProcessEvent, signal: AbortSignal): Promise<Transition> {
    const { consul, boot } = this.#deps;
    const call = this.#call(signal);
    let atLeast = 0;
    return await retryCas<Transition>(`record a state of ${formatFid(fid)}`, async () => {
      const stored = this.#stored.get(formatFid(fid)) ?? await this.#read(fid, signal);
      const transition = apply(stored.record, event);
      if (!transition.applied) return { done: true, value: transition };
      const record: BootRecord = {
        ...transition.record,
        boot: event.kind === "report" ? boot : stored.record?.boot ?? null,
      };
      const epoch = await consul.kv.get(EPOCH, call);
      const { ops, epochs } = enqueueOps(epoch, EQ_PREFIX, [eventText(fid, record)], atLeast);
      const put = txn.cas(processKey(fid), valueOf(record), stored.modifyIndex);
      const result = await consul.txn([put, ...ops], call);
      if (result.ok) {
        const modifyIndex = result.entries[0]?.modifyIndex ?? 0;
        this.#stored.set(formatFid(fid), { record, modifyIndex });
        return { done: true, value: transition };
      }
      const [recordFailed, , entryFailed] = [0, 1, 2].map((i) =>
        result.errors.some(({ index }) => index === i)
      );
      if (recordFailed) await this.#read(fid, signal);
      // The key of the number to come is taken: an operator typed an entry by hand.
      if (entryFailed) atLeast = (epochs[0] ?? 0) + 1;
      return { done: false, why: result.errors.map(({ what }) => what).join("; ") };
    }, { ...call, maxPauseMs: MAX_PAUSE_MS });
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
      return { ...parseProcessState(entry), boot: bootOf(entry.value) };
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

const bootSchema = z.object({ boot: z.string().nullish().catch(null) });

function bootOf(value: string): string | null {
  return bootSchema.parse(JSON.parse(value)).boot ?? null;
}

function valueOf(record: BootRecord): string {
  return JSON.stringify({
    ...processRecordJson(record),
    ...(record.boot === null ? {} : { boot: record.boot }),
  });
}

function eventText(fid: Fid, record: ProcessRecord): string {
  return formatEvent({
    type: "process",
    body: { fid: formatFid(fid), ...processRecordJson(record) },
  });
}
