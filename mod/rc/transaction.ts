/**
 * What the transactions are made of that handle events. Pure.
 *
 * @module
 */

import { type KvEntry, txn, type TxnOp } from "../consul/mod.ts";
import { type Broadcast, formatBroadcast } from "../kv/broadcast.ts";
import { enqueueOps } from "../kv/enqueue.ts";
import { KvValueError } from "../kv/errors.ts";
import { BQ_PREFIX, RC_PAUSED, stateKey } from "../kv/keys.ts";
import { MAX_WRITE_OPS } from "./leadership.ts";
import type { QueueEntry } from "./queue_reading.ts";
import type { Effects } from "./rules/rule.ts";

/** The first operations of each: none is made while the coordinator is paused. */
export const GUARD: readonly TxnOp[] = [txn.checkNotExists(RC_PAUSED)];

/** Removes an entry if it is as it was read; `delete-cas` would succeed where it is gone. */
export function removal({ key, index }: QueueEntry): readonly TxnOp[] {
  return [txn.checkIndex(key, index), txn.delete(key)];
}

/** Operations of a {@linkcode removal}. */
export const REMOVAL_OPS = 2;

/** An entry of the counter, or that there is none. */
export type Counter = Pick<KvEntry, "key" | "value" | "modifyIndex"> | "absent";

/**
 * Puts states on the broadcast queue, and keeps each as the object's last one: for a hax that was
 * away, and for whoever asks later.
 *
 * @param atLeast numbers below this one are passed over
 * @throws {KvValueError} when the counter holds no number
 */
export function broadcastOps(
  broadcasts: readonly Broadcast[],
  counter: Counter,
  atLeast: number,
): readonly TxnOp[] {
  if (broadcasts.length === 0) return [];
  const epoch = counter === "absent" ? null : counter;
  const { ops } = enqueueOps(epoch, BQ_PREFIX, broadcasts.map(formatBroadcast), atLeast);
  const last = new Map(broadcasts.map((one) => [stateKey(one.fid), formatBroadcast(one)]));
  return [...ops, ...[...last].map(([key, value]) => txn.set(key, value))];
}

/** An event whose rule has answered. */
export interface Answered {
  readonly entry: QueueEntry;
  readonly effects: Effects;
}

/** Operations that the record of an event may need. */
const RECORD_OPS = 2;
const COUNTER_OPS = 1;

/** Whether one transaction takes these events, with their records. */
export function fitTogether(events: readonly Answered[]): boolean {
  const ops = events.map(({ effects: { ops, broadcasts = [] } }) =>
    REMOVAL_OPS + RECORD_OPS + ops.length + 2 * broadcasts.length
  );
  return GUARD.length + COUNTER_OPS + ops.reduce((sum, n) => sum + n, 0) <= MAX_WRITE_OPS;
}

/**
 * One transaction for several events, in their order; `null` where there are broadcasts, and
 * somebody has made the counter into what is no number.
 *
 * @param records operations without conditions that write down what was done
 */
export function writeTogether(
  events: readonly Answered[],
  records: readonly TxnOp[],
  counter: Counter,
): readonly TxnOp[] | null {
  const broadcasts = events.flatMap(({ effects }) => effects.broadcasts ?? []);
  try {
    return [
      ...GUARD,
      ...events.flatMap(({ entry, effects }) => [...removal(entry), ...effects.ops]),
      ...records,
      ...broadcastOps(broadcasts, counter, 0),
    ];
  } catch (error) {
    if (error instanceof KvValueError) return null;
    throw error;
  }
}
