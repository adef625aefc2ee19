/**
 * Putting entries on the EQ or the BQ: entries and the increment of `epoch` in ONE transaction, so
 * that for Hare's own producers the order of commits is the order of numbers (spec: kv.md).
 *
 * @module
 */

import { type Consul, MAX_TXN_OPS, splitTxnOps, txn, type TxnOp } from "../consul/mod.ts";
import { type CasOptions, retryCas } from "./cas_retry.ts";
import { type Counter, type CounterStore, MAX_COUNTED, readCounter } from "./epoch_counter.ts";
import { BQ_PREFIX, EPOCH, EQ_PREFIX, formatEpoch } from "./keys.ts";

/** A queue. */
export type Queue = typeof EQ_PREFIX | typeof BQ_PREFIX;

/** How many entries one transaction takes, besides the counter. */
export const MAX_ENTRIES = MAX_TXN_OPS - 1;

/** The part of Consul that this stands on. */
export interface QueueStore extends CounterStore, Pick<Consul, "txn"> {}

/** Operations that put entries on a queue, and the numbers that these get. */
export interface EnqueueOps {
  /** The counter's first, then one an entry. */
  readonly ops: readonly TxnOp[];
  readonly epochs: readonly number[];
}

/**
 * The operations that put `values` on a queue, for a transaction that does more. It fails if
 * `epoch` has changed since it was read: then read it again and make new operations.
 *
 * @param counter the counter as it was read
 * @param atLeast numbers below this one are passed over
 * @param ahead how many numbers more are taken, for entries to come
 */
export function enqueueOps(
  { last, modifyIndex }: Counter,
  queue: Queue,
  values: readonly string[],
  atLeast = 0,
  ahead = 0,
): EnqueueOps {
  const first = Math.max(last + 1, atLeast);
  const epochs = values.map((_, i) => first + i);
  const count = (epochs.at(-1) ?? last) + ahead;
  const ops = [txn.cas(EPOCH, String(count), modifyIndex), ...entryOps(queue, first, values)];
  return { ops, epochs };
}

/** The operations that put `values` on a queue under numbers that were taken before, from `first` on. */
export function entryOps(
  queue: Queue,
  first: number,
  values: readonly string[],
): readonly TxnOp[] {
  // Only where nothing is: an operator may have typed an entry by hand under a number to come.
  return values.map((value, i) => txn.cas(queue + formatEpoch(first + i), value, 0));
}

/**
 * Puts `values` on a queue, in their order, and returns their numbers. What exceeds a transaction
 * goes in several, one after another; those before a failure stay.
 *
 * @throws {TimeLimitError} when others were always faster
 */
export async function enqueue(
  consul: QueueStore,
  queue: Queue,
  values: readonly string[],
  options: CasOptions = {},
): Promise<number[]> {
  const epochs: number[] = [];
  while (epochs.length < values.length) {
    epochs.push(...await enqueueFirst(consul, queue, values.slice(epochs.length), options));
  }
  return epochs;
}

/**
 * Puts the first of `values` on a queue, as many as one transaction takes, and returns their numbers.
 *
 * @throws {TimeLimitError} when others were always faster
 */
export async function enqueueFirst(
  consul: QueueStore,
  queue: Queue,
  values: readonly string[],
  options: CasOptions = {},
): Promise<readonly number[]> {
  const longest = { last: MAX_COUNTED, modifyIndex: 0 };
  // One that is too large even alone is tried, and refused.
  const [part = []] = splitTxnOps(enqueueOps(longest, queue, values.slice(0, MAX_ENTRIES)).ops);
  const together = values.slice(0, Math.max(1, part.length - 1));
  let atLeast = 0;
  return await retryCas(`put events on ${queue}`, async () => {
    const counter = await readCounter(consul, options);
    const { ops, epochs } = enqueueOps(counter, queue, together, atLeast);
    const result = await consul.txn(ops, options);
    if (result.ok) return { done: true, value: epochs };
    const taken = result.errors.filter(({ index }) => index > 0).map(({ index }) => index).at(-1);
    if (taken !== undefined) atLeast = (epochs[taken - 1] ?? 0) + 1;
    return { done: false, why: result.errors.map(({ what }) => what).join("; ") };
  }, options);
}
