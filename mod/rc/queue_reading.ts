/**
 * The event queue as it stands in KV. It is known by its keys alone; the entries are read a page at a
 * time, when it is their turn, so that a long queue takes little memory.
 *
 * @module
 */

import type { Kv, KvEntry } from "../consul/mod.ts";
import { EQ_PREFIX, eqKey, parseEpochKey } from "../kv/keys.ts";

/** A key of the queue. */
export interface QueueKey {
  readonly key: string;
  readonly epoch: number;
}

/** An entry of the queue. */
export interface QueueEntry extends QueueKey {
  /** Consul's index of its last change. */
  readonly index: number;
  readonly text: string;
}

/** The keys below `eq/`. */
export interface QueueKeys {
  /** In the order of their numbers. */
  readonly queued: readonly QueueKey[];
  /** Keys that are no numbers. */
  readonly misnamed: readonly string[];
}

/** Reads the keys below `eq/`. */
export function readKeys(found: readonly string[]): QueueKeys {
  const queued: QueueKey[] = [];
  const misnamed: string[] = [];
  for (const key of found) {
    const epoch = parseEpochKey(EQ_PREFIX, key);
    if (epoch === null) misnamed.push(key);
    else queued.push({ key, epoch });
  }
  return { queued: queued.sort((a, b) => a.epoch - b.epoch), misnamed };
}

/** The entries below `eq/` among those found, in the order of their numbers. */
export function readQueue(found: readonly KvEntry[]): QueueEntry[] {
  const entries = found.flatMap(({ key, value: text, modifyIndex: index }): QueueEntry[] => {
    const epoch = parseEpochKey(EQ_PREFIX, key);
    return epoch === null ? [] : [{ key, epoch, index, text }];
  });
  // Two keys can have one number, `eq/7` and `eq/000000007`: the one put there first goes first.
  return entries.sort((a, b) => a.epoch - b.epoch || a.index - b.index);
}

/** Digits at the end of a number that the entries of a page do not have in common. */
const PAGE_DIGITS = 2;

/**
 * The first `count` of the keys, and what else is on their pages. A page has those whose numbers
 * differ in the last digits only.
 */
export function pagesOf(
  queued: readonly QueueKey[],
  count: number,
): readonly (readonly QueueKey[])[] {
  const pages = Map.groupBy(queued, ({ epoch }) => Math.floor(epoch / 10 ** PAGE_DIGITS));
  let before = 0;
  return [...pages.values()].filter(({ length }) => {
    before += length;
    return before - length < count;
  });
}

/** Reads the entries of a page as they are now, without those that are gone. */
export async function readPage(
  page: readonly QueueKey[],
  kv: Pick<Kv, "get" | "list">,
): Promise<readonly QueueEntry[]> {
  const typed = page.filter((one) => !isPadded(one));
  const found = await Promise.all(typed.map(({ key }) => kv.get(key, { stale: true })));
  const padded = page.find(isPadded);
  if (padded !== undefined) {
    found.push(...await kv.list(padded.key.slice(0, -PAGE_DIGITS), { stale: true }));
  }
  const keys = new Set(page.map(({ key }) => key));
  return readQueue(found.filter((entry) => entry !== null).filter(({ key }) => keys.has(key)));
}

/** Whether the key is as producers write it; operators type `eq/7`. */
function isPadded({ key, epoch }: QueueKey): boolean {
  return key === eqKey(epoch);
}

/**
 * How many of `queued` entries are handled before the queue's keys are read again.
 *
 * Reading costs as much as there are entries. A quarter of them at a time makes for four readings
 * of each key on average, however long the queue is; and a lower number that appears meanwhile
 * waits for a quarter of the queue, or a page, at most.
 */
export function batchSize(queued: number): number {
  return Math.max(SMALL_BATCH, Math.ceil(queued / 4));
}

const SMALL_BATCH = 100;
