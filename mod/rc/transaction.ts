/**
 * What the transactions are made of that handle events. Pure.
 *
 * @module
 */

import { txn, type TxnOp } from "../consul/mod.ts";
import { type Broadcast, formatBroadcast } from "../kv/broadcast.ts";
import { enqueueOps, entryOps } from "../kv/enqueue.ts";
import type { Counter } from "../kv/epoch_counter.ts";
import { BQ_PREFIX, EPOCH, RC_PAUSED, stateKey } from "../kv/keys.ts";
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

/** Numbers that were taken from the counter for broadcasts to come: from `next` to before `end`. */
export interface Reserve {
  readonly next: number;
  readonly end: number;
}

/** No numbers. */
export const NO_RESERVE: Reserve = { next: 0, end: 0 };

/** Where broadcasts have their numbers from. */
export type Numbers =
  | {
    readonly counter: Counter;
    /** Numbers below this one are passed over. {@default 0} */
    readonly atLeast?: number;
    /** How many more are taken, for broadcasts to come. {@default 0} */
    readonly ahead?: number;
  }
  | Reserve;

/**
 * Puts states on the broadcast queue, and keeps each as the object's last one: for a hax that was
 * away, and for whoever asks later.
 *
 * @param numbers a reserve must be large enough
 */
export function broadcastOps(
  broadcasts: readonly Broadcast[],
  numbers: Numbers,
): readonly TxnOp[] {
  if (broadcasts.length === 0) return [];
  const last = new Map(broadcasts.map((one) => [stateKey(one.fid), formatBroadcast(one)]));
  return [
    ...numberedOps(broadcasts.map(formatBroadcast), numbers),
    ...[...last].map(([key, value]) => txn.set(key, value)),
  ];
}

function numberedOps(values: readonly string[], numbers: Numbers): readonly TxnOp[] {
  if ("next" in numbers) return entryOps(BQ_PREFIX, numbers.next, values);
  const { counter, atLeast, ahead } = numbers;
  return enqueueOps(counter, BQ_PREFIX, values, atLeast, ahead).ops;
}

/** What is left of the reserve when `ops`, with `count` broadcasts, have been committed. */
export function reserveAfter(numbers: Numbers, ops: readonly TxnOp[], count: number): Reserve {
  if ("next" in numbers) return { next: numbers.next + count, end: numbers.end };
  const counted = ops.find(({ key }) => key === EPOCH)?.value;
  if (counted === undefined) return NO_RESERVE;
  const end = Number(counted) + 1;
  return { next: end - (numbers.ahead ?? 0), end };
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

/** The broadcasts that these events come to, in their order. */
export function broadcastsOf(events: readonly Answered[]): readonly Broadcast[] {
  return events.flatMap(({ effects }) => effects.broadcasts ?? []);
}

/**
 * One transaction for several events, in their order.
 *
 * @param records operations without conditions that write down what was done
 */
export function writeTogether(
  events: readonly Answered[],
  records: readonly TxnOp[],
  numbers: Numbers,
): readonly TxnOp[] {
  return [
    ...GUARD,
    ...events.flatMap(({ entry, effects }) => [...removal(entry), ...effects.ops]),
    ...records,
    ...broadcastOps(broadcastsOf(events), numbers),
  ];
}
