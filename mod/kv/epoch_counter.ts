/**
 * Allocates numbers of queue entries. A new number is higher than the counter `epoch`, than every
 * existing entry, and than every number that a node's hax has processed. So no number is repeated
 * after the counter was deleted, overwritten or set back (`consul kv delete`, an old export).
 *
 * @module
 */

import type { Consul, KvEntry, ReadOptions } from "../consul/mod.ts";
import {
  BQ_PREFIX,
  BQ_SEEN_PREFIX,
  EPOCH,
  EQ_PREFIX,
  EQ_REJECTED_PREFIX,
  parseBqSeenKey,
  parseEpochKey,
  type QueuePrefix,
} from "./keys.ts";

/** The counter as it was read. */
export interface Counter {
  /** The highest number in use. */
  readonly last: number;
  /** Consul's index of the counter's last change; 0 if there is no counter. */
  readonly modifyIndex: number;
}

/** The part of the Consul client that this module needs. */
export interface CounterStore {
  readonly kv: Pick<Consul["kv"], "get" | "keys" | "list">;
}

/** A number in use, and the key that uses it. */
export interface Taken {
  readonly number: number;
  readonly key: string;
}

/** No number is in use. */
const NONE_TAKEN: Taken = { number: 0, key: EPOCH };

/**
 * Entries and positions with higher numbers are ignored: an operator has typed them, and they leave
 * the counter no room. This limit leaves room for 30,000 years at 1,000 events a second.
 */
export const MAX_COUNTED = 8 * 10 ** 15;

/** Highest value of the counter; higher ones come close to JavaScript's largest safe integer. */
export const MAX_EPOCH = 9 * 10 ** 15;

/** The counter's number; `null` if the counter is absent or holds no usable number. */
export function epochIn(entry: Pick<KvEntry, "value"> | null): number | null {
  const number = entry === null ? -1 : positionIn(entry.value);
  return number >= 0 && number <= MAX_EPOCH ? number : null;
}

/** The number in the value of `bq-seen/<node>`; -1 if it holds none: no entry was seen. */
export function positionIn(value: string): number {
  const number = /^\s*\d+\s*$/.test(value) ? Number(value) : -1;
  return Number.isSafeInteger(number) ? number : -1;
}

/**
 * The counter as it is now. If it holds no number, all entries and positions are read.
 *
 * @throws {ConsulError} when Consul cannot be asked
 */
export async function readCounter(
  consul: CounterStore,
  options: ReadOptions = {},
): Promise<Counter> {
  const entry = await consul.kv.get(EPOCH, options);
  const last = epochIn(entry) ?? (await readHighest(consul, options)).number;
  return { last, modifyIndex: entry?.modifyIndex ?? 0 };
}

/**
 * The highest number of the entries and of the positions.
 *
 * @throws {ConsulError} when Consul cannot be asked
 */
export async function readHighest(
  { kv }: CounterStore,
  options: ReadOptions = {},
): Promise<Taken> {
  const queues: readonly QueuePrefix[] = [EQ_PREFIX, BQ_PREFIX, EQ_REJECTED_PREFIX];
  const [positions, ...keys] = await Promise.all([
    kv.list(BQ_SEEN_PREFIX, options),
    ...queues.map((queue) => kv.keys(queue, options)),
  ]);
  const found = [
    ...positions.map(({ key, value }) => ({
      key,
      number: parseBqSeenKey(key) === null ? -1 : positionIn(value),
    })),
    ...queues.flatMap((queue, i) =>
      (keys[i] ?? []).map((key) => ({ key, number: parseEpochKey(queue, key) ?? -1 }))
    ),
  ];
  return found.filter(({ number }) => number <= MAX_COUNTED)
    .reduce((a, b) => b.number > a.number ? b : a, NONE_TAKEN);
}
