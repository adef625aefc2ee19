/**
 * The leader's entries in the history: its own term, and each event that it has handled. An event's
 * record is written in the transaction that handles it, and the oldest one goes in the same.
 *
 * Every leader's term has a number: Consul's count of how often the lock of `leader` was taken, or one
 * more than the last term's where that is lower. Each record has it. In the order of Consul's index
 * it never goes back, because a deposed leader's writes are refused.
 *
 * @module
 */

import { type KvEntry, txn, type TxnOp } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import {
  type EventRecord,
  formatHistory,
  type HistoryRecord,
  MAX_EVENTS,
  MAX_TERMS,
  parseHistory,
  type TermRecord,
} from "../kv/history.ts";
import { MAX_COUNTED } from "../kv/epoch_counter.ts";
import { HISTORY_PREFIX, historyKey, isHistoryKey, LEADER } from "../kv/keys.ts";
import { excerpt } from "../lib/excerpt.ts";
import type { Logger } from "../lib/log.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";
import type { Mishaps } from "./mishaps.ts";
import { failureOf } from "./question.ts";
import { shown } from "./rejected.ts";

/** What a {@linkcode History} stands on. */
export interface HistoryDeps extends LeaderDeps {
  /** This node's name. */
  readonly node: string;
  readonly leadership: Leadership;
  readonly mishaps: Mishaps;
  readonly log: Logger;
}

/** An event that has been handled, or moved aside. */
export interface Handled extends Pick<EventRecord, "key" | "ms" | "result" | "outcome"> {
  readonly epoch: number;
  readonly text: string;
}

/** A record that is written, together with what it tells of. */
export interface Addition {
  readonly ops: readonly TxnOp[];
  /** Is to be called when that has been committed. */
  committed(): void;
}

/** Characters of an event, or of its outcome, that are kept. */
const MAX_TEXT = 200;
/** Operations in one transaction that removes what is too much. */
const TRIM_OPS = 50;
/** Longer keys are not a leader's and are kept: a transaction has no room for many of them. */
const MAX_RECORD_LENGTH = 8192;
const MAX_KEY_LENGTH = 1024;
/** The last word is not waited for long: the lock is to be released. */
const CLOSE_LIMIT_MS = 1000;

/** The history of one term. */
export class History {
  readonly #deps: HistoryDeps;
  /** Keys of events, the oldest first. */
  #events: string[] = [];
  #term: TermRecord | null = null;
  #termKey = "";

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** The number of this term; 0 before it is known. */
  get term(): number {
    return this.#term?.term ?? 0;
  }

  /**
   * Writes down that the term has begun, and that its predecessor's is over.
   *
   * Invalid data below `hare/history/` does not prevent leadership: a failure is only reported.
   *
   * @throws the reason of the end of leadership
   */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      const why = failureOf(error, { key: HISTORY_PREFIX }, this.#deps);
      this.#deps.mishaps.report(`${HISTORY_PREFIX} cannot be written: ${why}`);
    }
  }

  async #open(): Promise<void> {
    const { clock, consul, leadership, node } = this.#deps;
    const { signal } = leadership;
    const [leader, entries] = await leadership.patiently("history", () =>
      Promise.all([
        consul.kv.get(LEADER, { signal, consistent: true }),
        consul.kv.list(HISTORY_PREFIX, { signal, consistent: true }),
      ]));
    const { terms, events, unreadable } = read(entries);
    const began = new Date(clock.now()).toISOString();
    // A write of the value of `leader` by another client makes Consul count from 0 again.
    const last = terms.map(({ record }) => record.term).filter((n) => n <= MAX_COUNTED)
      .reduce((one, other) => Math.max(one, other), 0);
    const term = Math.max(leader?.lockIndex ?? 0, last + 1);
    this.#events = events.map(({ key }) => key);
    this.#term = { kind: "term", term, node, began, ended: null, how: null };
    this.#termKey = historyKey(new Date(began), term);
    const unended = terms.filter(({ record }) => record.ended === null).slice(-MAX_UNENDED);
    const surplus = [
      ...unreadable,
      ...terms.slice(0, Math.max(0, terms.length + 1 - MAX_TERMS)).map(({ key }) => key),
      ...this.#events.splice(0, Math.max(0, this.#events.length - MAX_EVENTS)),
    ];
    await leadership.write([
      txn.set(this.#termKey, formatHistory(this.#term)),
      ...unended.map(({ key, record }) =>
        txn.set(key, formatHistory({ ...record, ended: began, how: "was lost" }))
      ),
    ], { signal });
    await this.#remove(surplus);
  }

  /** A failed removal does not prevent leadership. */
  async #remove(keys: readonly string[]): Promise<void> {
    const { leadership, mishaps } = this.#deps;
    const removable = keys.filter((key) => key.length <= MAX_KEY_LENGTH);
    for (let i = 0; i < removable.length; i += TRIM_OPS) {
      const ops = removable.slice(i, i + TRIM_OPS).map(txn.delete);
      try {
        await leadership.write(ops, { signal: leadership.signal });
      } catch (error) {
        const why = failureOf(error, { key: HISTORY_PREFIX }, this.#deps);
        mishaps.report(`${HISTORY_PREFIX} cannot be made shorter: ${why}`);
      }
    }
  }

  /** The operations that write events down; none of them is a condition. */
  add(events: readonly Handled[]): Addition {
    const now = new Date(this.#deps.clock.now());
    const keys = events.map(({ epoch }) => historyKey(now, epoch));
    const tooMany = Math.max(0, this.#events.length + keys.length - MAX_EVENTS);
    return {
      ops: [
        ...events.map((event, i) =>
          txn.set(keys[i] ?? "", formatHistory(this.#record(event, now)))
        ),
        ...this.#events.slice(0, tooMany).map(txn.delete),
      ],
      committed: () => {
        this.#events.splice(0, tooMany);
        this.#events.push(...keys);
      },
    };
  }

  #record({ epoch: _, text, ...event }: Handled, now: Date): EventRecord {
    return {
      kind: "event",
      term: this.term,
      node: this.#deps.node,
      ...event,
      ms: Math.round(event.ms),
      event: beginningOf(text),
      outcome: beginningOf(event.outcome),
      time: now.toISOString(),
    };
  }

  /**
   * Writes down that the term is over, if this node still leads.
   *
   * @throws the reason of the end of leadership, when it cannot
   */
  async close(how: string): Promise<void> {
    if (this.#term === null) return;
    const ended = new Date(this.#deps.clock.now()).toISOString();
    const ops = [txn.set(this.#termKey, formatHistory({ ...this.#term, ended, how }))];
    await this.#deps.leadership.write(ops, { timeoutMs: CLOSE_LIMIT_MS });
  }
}

/** Terms of others whose end is still to be written down; more can only be a fault. */
const MAX_UNENDED = 10;

interface Found<T> {
  readonly key: string;
  readonly record: T;
}

/**
 * The records among `entries`, each kind in the order of the writes. The keys have the wall time of
 * their writers, which may have been set back.
 */
function read(entries: readonly KvEntry[]): {
  readonly terms: readonly Found<TermRecord>[];
  readonly events: readonly Found<EventRecord>[];
  readonly unreadable: readonly string[];
} {
  const terms: Found<TermRecord>[] = [];
  const events: Found<EventRecord>[] = [];
  const unreadable: string[] = [];
  for (const entry of entries.toSorted((a, b) => a.createIndex - b.createIndex)) {
    const record = recordIn(entry);
    if (record === null) unreadable.push(entry.key);
    else if (record.kind === "term") terms.push({ key: entry.key, record });
    else events.push({ key: entry.key, record });
  }
  return { terms, events, unreadable };
}

function recordIn(entry: KvEntry): HistoryRecord | null {
  if (!isHistoryKey(entry.key) || entry.value.length > MAX_RECORD_LENGTH) return null;
  try {
    return parseHistory(entry);
  } catch (error) {
    if (error instanceof KvValueError) return null;
    throw error;
  }
}

function beginningOf(text: string): string {
  return shown(excerpt(text, MAX_TEXT));
}
