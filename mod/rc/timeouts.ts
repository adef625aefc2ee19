/**
 * Timeouts as they stand in KV: what is due when, and what a due one becomes. Pure; `timer.ts` acts
 * on it.
 *
 * @module
 */

import { type KvEntry, splitTxnOps, txn, type TxnOp } from "../consul/mod.ts";
import { enqueueOps } from "../kv/enqueue.ts";
import type { Counter } from "../kv/epoch_counter.ts";
import { joinEvents, splitEvents } from "../kv/event.ts";
import { EQ_PREFIX, LEADER } from "../kv/keys.ts";
import { parseTimeoutKey, timeoutKey } from "../kv/timeout_key.ts";
import { HareError } from "../lib/errors.ts";
import { MAX_WRITE_OPS } from "./leadership.ts";

/** Events due at one time. */
export interface Timeout {
  readonly key: string;
  /** Consul's index of its last change. */
  readonly index: number;
  /** Milliseconds since the Unix epoch. */
  readonly due: number;
  readonly events: readonly string[];
  /** The value with the events. */
  readonly text: string;
  /** The value in Base64, if it is not text. */
  readonly binary?: string | undefined;
}

/** What stands below `timeout/`. */
export interface TimeoutsReading {
  /** The earliest first. */
  readonly timeouts: readonly Timeout[];
  /** Keys without a valid time, and the reasons. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Operations on the timeout's own key, the first ones of a {@linkcode Move}. */
export const KEY_OPS = 2;

/** Events of a timeout that one transaction moves, besides the key and the counter. */
export const MAX_MOVED = MAX_WRITE_OPS - KEY_OPS - 1;

/** Reads the entries below `timeout/`. */
export function readTimeouts(entries: readonly KvEntry[]): TimeoutsReading {
  const timeouts: Timeout[] = [];
  const unreadable = new Map<string, string>();
  for (const { key, value, binary, modifyIndex } of entries) {
    const due = parseTimeoutKey(key)?.getTime();
    if (due === undefined) {
      unreadable.set(key, "it names no time; write timeout/<YYYYmmddHHMM.SS>");
    } else {
      const events = splitEvents(value);
      timeouts.push({ key, index: modifyIndex, due, events, text: value, binary });
    }
  }
  return { timeouts: timeouts.toSorted((a, b) => a.due - b.due), unreadable };
}

/** The change that moves a due timeout to the event queue. */
export interface Move {
  readonly ops: readonly TxnOp[];
  /** Numbers of the events moved. */
  readonly epochs: readonly number[];
  /** Events that did not fit and stay. */
  readonly left: number;
}

/**
 * Moves the events of `timeout` to the event queue, each with a fresh number, and removes its key,
 * or leaves there what does not fit.
 *
 * @param counter the counter as it was read
 * @param atLeast numbers below this one are passed over
 * @returns `null` if the timeout does not fit into one transaction
 */
export function moveTimeout(timeout: Timeout, counter: Counter, atLeast: number): Move | null {
  const { key, index } = timeout;
  const moved = timeout.events.slice(0, MAX_MOVED);
  const left = timeout.events.slice(MAX_MOVED);
  const enqueued = moved.length === 0
    ? { ops: [], epochs: [] }
    : enqueueOps(counter, EQ_PREFIX, moved, atLeast);
  const ops = [
    // Not `delete-cas`: that succeeds where the key is gone, and the events would come twice.
    txn.checkIndex(key, index),
    left.length === 0 ? txn.delete(key) : txn.set(key, joinEvents(left)),
    ...enqueued.ops,
  ];
  const fits = splitTxnOps([FENCE, ...ops]).length === 1;
  return fits ? { ops, epochs: enqueued.epochs, left: left.length } : null;
}

/** Placeholder for the condition at the beginning of each write of the leader. */
const FENCE = txn.checkSession(LEADER, "");

const MINUTE_MS = 60_000;

/**
 * The key for events due at `due`, or as soon after it as a key can say: within an hour that comes
 * twice a key means the first, so that what is due in the second waits until it is over.
 *
 * @param due milliseconds since the Unix epoch
 * @throws {HareError} when a key cannot represent that time
 */
export function timeoutKeyFor(due: number): string {
  for (let at = due;; at += MINUTE_MS) {
    const key = timeoutKey(new Date(at));
    const meant = parseTimeoutKey(key);
    if (meant === null) throw new HareError("a timeout can be due from the year 1970 to 9999 only");
    if (meant.getTime() >= due) return key;
  }
}

/** The value of a timeout with one event more. */
export function addEvent(value: string, event: string): string {
  return joinEvents([...splitEvents(value), event]);
}
