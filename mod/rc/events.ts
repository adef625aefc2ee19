/**
 * What operators do with events: look at those that wait and those that were moved aside, put one
 * back on the queue, remove one.
 *
 * @module
 */

import { type Consul, type KvEntry, txn, type TxnOp } from "../consul/mod.ts";
import { type CasOptions, retryCas } from "../kv/cas_retry.ts";
import { enqueueOps } from "../kv/enqueue.ts";
import { readCounter } from "../kv/epoch_counter.ts";
import { EQ_PREFIX, EQ_REJECTED_PREFIX, eqKey, parseEpochKey } from "../kv/keys.ts";
import { HareError } from "../lib/errors.ts";
import { readQueue } from "./queue_reading.ts";
import { parseRejected } from "./rejected.ts";

/** An event that waits, or was moved aside. */
export interface FoundEvent {
  readonly key: string;
  readonly epoch: number;
  /** Its text, or as much as was kept. */
  readonly event: string;
  /** Why it was moved aside, and when; `null` for one that waits. */
  readonly rejected: { readonly reason: string; readonly time: string } | null;
  /** Whether all of its text is there. */
  readonly whole: boolean;
  /** Consul's index of its last change. */
  readonly index: number;
}

/** Those that wait, in their order, and then those that were moved aside. */
export async function listEvents(
  consul: Consul,
  signal: AbortSignal,
): Promise<readonly FoundEvent[]> {
  const [queued, rejected] = await Promise.all([
    consul.kv.list(EQ_PREFIX, { signal }),
    consul.kv.list(EQ_REJECTED_PREFIX, { signal }),
  ]);
  return [
    ...readQueue(queued).entries.map(({ key, epoch, index, text }): FoundEvent => ({
      key,
      epoch,
      event: text,
      rejected: null,
      whole: true,
      index,
    })),
    ...rejected.flatMap((entry) => rejectedIn(entry) ?? [])
      .toSorted((a, b) => a.epoch - b.epoch),
  ];
}

/**
 * The event with this number, or this key.
 *
 * @throws {HareError} when there is none
 */
export async function findEvent(
  consul: Consul,
  name: string,
  signal: AbortSignal,
): Promise<FoundEvent> {
  const events = await listEvents(consul, signal);
  const found = events.find(({ key }) => key === name) ??
    events.find(({ epoch }) => /^\d+$/.test(name) && epoch === Number(name));
  if (found !== undefined) return found;
  throw new HareError(`no event ${name} waits, or was moved aside`, {
    hint: "`hare event list` shows those that there are, `hare event history` those that are done",
  });
}

/**
 * Puts an event that was moved aside on the queue again, as the last one, and returns its key.
 *
 * @throws {HareError} when it was not moved aside, is not whole, or has gone meanwhile
 */
export async function retryEvent(
  consul: Consul,
  event: FoundEvent,
  options: CasOptions,
): Promise<string> {
  if (event.rejected === null) {
    throw new HareError(`${event.key} waits already: it was not moved aside`);
  }
  if (!event.whole) {
    throw new HareError(
      `of ${event.key} only the beginning was kept: it is too large, or no text`,
      {
        hint: "put it on the queue anew, as its source has it",
      },
    );
  }
  return await retryCas(`put ${event.key} on the queue again`, async () => {
    const counter = await readCounter(consul, options);
    const { ops, epochs } = enqueueOps(counter, EQ_PREFIX, [event.event]);
    const result = await consul.txn([...removal(event), ...ops], options);
    if (result.ok) return { done: true, value: eqKey(epochs[0] ?? 0) };
    if (result.errors.some(({ index }) => index < REMOVAL_OPS)) throw gone(event);
    return { done: false, why: result.errors.map(({ what }) => what).join("; ") };
  }, options);
}

/**
 * Removes an event, so that it is never handled.
 *
 * @throws {HareError} when it has gone, or changed, meanwhile
 */
export async function dropEvent(
  consul: Consul,
  event: FoundEvent,
  signal: AbortSignal,
): Promise<void> {
  const result = await consul.txn(removal(event), { signal });
  if (!result.ok) throw gone(event);
}

const REMOVAL_OPS = 2;

function removal({ key, index }: FoundEvent): TxnOp[] {
  return [txn.checkIndex(key, index), txn.delete(key)];
}

function gone({ key }: FoundEvent): HareError {
  return new HareError(`${key} has gone, or changed, meanwhile`, { hint: "look again" });
}

/** A key that is no number is nobody's event. */
function rejectedIn(entry: KvEntry): FoundEvent | null {
  const epoch = parseEpochKey(EQ_REJECTED_PREFIX, entry.key);
  if (epoch === null) return null;
  const { event, reason, time, bytes } = parseRejected(entry.value);
  return {
    key: entry.key,
    epoch,
    event,
    rejected: { reason, time },
    whole: bytes === undefined,
    index: entry.modifyIndex,
  };
}
