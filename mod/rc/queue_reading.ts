/**
 * The event queue as it stands in KV. Pure; `event_queue.ts` acts on it.
 *
 * @module
 */

import type { KvEntry } from "../consul/mod.ts";
import { EQ_PREFIX, parseEpochKey } from "../kv/keys.ts";

/** An entry of the queue. */
export interface QueueEntry {
  readonly key: string;
  readonly epoch: number;
  /** Consul's index of its last change. */
  readonly index: number;
  readonly text: string;
  /** The value in Base64, if it is not text. */
  readonly binary?: string | undefined;
}

/** What stands below `eq/`. */
export interface QueueReading {
  /** In the order of their numbers. */
  readonly entries: readonly QueueEntry[];
  /** Keys that are no numbers. */
  readonly misnamed: readonly string[];
}

/** Reads the entries below `eq/`. */
export function readQueue(found: readonly KvEntry[]): QueueReading {
  const entries: QueueEntry[] = [];
  const misnamed: string[] = [];
  for (const { key, value, binary, modifyIndex } of found) {
    const epoch = parseEpochKey(EQ_PREFIX, key);
    if (epoch === null) misnamed.push(key);
    else entries.push({ key, epoch, index: modifyIndex, text: value, binary });
  }
  // Two keys can have one number, `eq/7` and `eq/000000007`: the one put there first goes first.
  return { entries: entries.toSorted((a, b) => a.epoch - b.epoch || a.index - b.index), misnamed };
}

/**
 * How many of `queued` entries are handled before the queue is read again.
 *
 * Reading costs as much as there are entries. A quarter of them at a time makes for four readings
 * of each entry on average, however long the queue is; and a lower number that appears meanwhile
 * waits for a quarter of the queue at most.
 */
export function batchSize(queued: number): number {
  return Math.max(SMALL_BATCH, Math.ceil(queued / 4));
}

const SMALL_BATCH = 100;
