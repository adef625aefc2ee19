/**
 * The leader's work on the event queue: takes the entries in the order of their numbers, and
 * commits what each comes to together with its removal, in one fenced transaction. So an event is
 * never lost, never applied twice, and never overtaken, whatever dies in between.
 *
 * @module
 */

import { type KvEntry, txn, type TxnOp } from "../consul/mod.ts";
import { EventSyntaxError, type HareEvent, parseEvent } from "../kv/event.ts";
import { counterOf, epochNumber } from "../kv/counters.ts";
import { EPOCH, EQ_PREFIX, eqRejectedKey, parseEpochKey } from "../kv/keys.ts";
import { backoffMs } from "../lib/backoff.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";
import { rejectedValue, shown } from "./rejected.ts";
import { findRule, type Rule, UnusableEvent } from "./rules/mod.ts";

/** An entry of the queue. */
export interface QueueEntry {
  readonly key: string;
  readonly epoch: number;
  /** Consul's index of its last change. */
  readonly index: number;
  readonly text: string;
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
  for (const { key, value, modifyIndex } of found) {
    const epoch = parseEpochKey(EQ_PREFIX, key);
    if (epoch === null) misnamed.push(key);
    else entries.push({ key, epoch, index: modifyIndex, text: value });
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

/** What an {@linkcode EventQueue} stands on. */
export interface EventQueueDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly rules: readonly Rule[];
  readonly lookAtTimeouts: () => void;
  readonly log: Logger;
}

/** Times that a rule is asked about an event before the event is moved aside. */
const TRIES = 5;
const TRY_PAUSE = { baseMs: 100, maxMs: 2000 };
/** Times that a rule is asked anew because others changed what it had read, within one try. */
const MAX_CONFLICTS = 100;
const CONFLICT_PAUSE = { baseMs: 4, maxMs: 200 };
/** Operations that remove an entry, the first ones of its transaction. */
const REMOVAL_OPS = 2;

/** What became of an entry; a `stale` one was not as it had been read, and nothing was changed. */
interface Result {
  readonly is: "handled" | "rejected" | "stale";
  readonly outcome: string;
}

const STALE: Result = {
  is: "stale",
  outcome: "is not what it was when it was read: gone, or changed",
};

/** Handles events while leadership lasts. */
export class EventQueue {
  readonly #deps: EventQueueDeps;
  /** Reported, and not to be reported again. */
  #misnamed: readonly string[] = [];
  #handled = 0;
  #rejected = 0;

  constructor(deps: EventQueueDeps) {
    this.#deps = deps;
  }

  /** What it has done, for the log. */
  get summary(): string {
    return `${this.#handled} events handled, ${this.#rejected} moved aside`;
  }

  /** Handles what comes; ends with leadership. */
  async run(): Promise<void> {
    const { consul, leadership, reachability } = this.#deps;
    const options = reachability.watch("events", leadership.signal);
    // The watch asks again only when a reading has been worked off.
    for await (const found of consul.kv.watchPrefix(EQ_PREFIX, options)) {
      await this.work(found);
    }
  }

  /**
   * Handles entries as they were read, until there is reason to read again.
   *
   * @throws the reason of the end of leadership
   */
  async work(found: readonly KvEntry[]): Promise<void> {
    const { entries, misnamed } = readQueue(found);
    for (const key of misnamed) {
      if (this.#misnamed.includes(key)) continue;
      this.#deps.log.warn("{key} is left: it is no number, as an event's key must be", { key });
    }
    this.#misnamed = misnamed;
    for (const entry of entries.slice(0, batchSize(entries.length))) {
      this.#deps.leadership.signal.throwIfAborted();
      if (!await this.#take(entry)) return;
    }
  }

  /** Whether the entry is done with; else the queue is to be read again. */
  async #take(entry: QueueEntry): Promise<boolean> {
    const { clock, log } = this.#deps;
    const began = clock.now();
    const result = await this.#handle(entry);
    const fields = {
      index: entry.index,
      key: entry.key,
      event: shown(entry.text),
      ms: Math.round(clock.now() - began),
      outcome: result.outcome,
    };
    const line = "{key} {event}: {outcome} (index {index}, {ms} ms)";
    switch (result.is) {
      case "handled":
        this.#handled += 1;
        log.info(line, fields);
        return true;
      case "rejected":
        this.#rejected += 1;
        log.warn(line, fields);
        return true;
      case "stale":
        log.info(line, fields);
        return false;
    }
  }

  async #handle(entry: QueueEntry): Promise<Result> {
    const event = parse(entry);
    if (typeof event === "string") return await this.#reject(entry, event);
    const rule = findRule(this.#deps.rules, event.type);
    if (rule === undefined) {
      return await this.#reject(entry, `no rule for events of type ${event.type}`);
    }
    for (let tries = 1;; tries++) {
      const result = await this.#try(entry, event, rule);
      if (!(result instanceof Error)) return result;
      const reason = messageOf(result);
      if (result instanceof UnusableEvent) return await this.#reject(entry, reason);
      if (tries === TRIES) {
        return await this.#reject(entry, `its rule failed ${TRIES} times: ${reason}`);
      }
      this.#deps.log.warn("{key} {event}: try {tries} failed: {reason}", {
        key: entry.key,
        event: shown(entry.text),
        tries,
        reason,
      });
      await this.#pause(tries, TRY_PAUSE);
    }
  }

  /** One try. A failure is returned; leadership's end is thrown. */
  async #try(entry: QueueEntry, event: HareEvent, rule: Rule): Promise<Result | Error> {
    const { consul, clock, leadership, lookAtTimeouts } = this.#deps;
    const { key, epoch, index } = entry;
    try {
      for (let conflicts = 1;; conflicts++) {
        const { ops, outcome } = await leadership.patiently("rule", () =>
          rule.handle(
            { key, epoch, index, type: event.type, body: event.body },
            { consul, now: clock.now(), lookAtTimeouts },
          ));
        const written = await leadership.write([...removal(entry), ...ops]);
        if (written.committed) return { is: "handled", outcome };
        if (isStale(written.errors)) return STALE;
        // Somebody changed what the rule had read: it is asked again.
        const why = written.errors.map(({ what }) => what).join("; ");
        if (conflicts === MAX_CONFLICTS) return new Error(`others always changed first: ${why}`);
        await this.#pause(conflicts, CONFLICT_PAUSE);
      }
    } catch (error) {
      leadership.signal.throwIfAborted();
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  /** Moves an entry aside. */
  async #reject(entry: QueueEntry, reason: string): Promise<Result> {
    const { clock, consul, leadership } = this.#deps;
    const value = rejectedValue(entry.text, reason, clock.now());
    let place = txn.cas(eqRejectedKey(entry.epoch), value, 0);
    let count: TxnOp[] = [];
    let atLeast = 0;
    for (let conflicts = 1;; conflicts++) {
      const written = await leadership.write([...removal(entry), ...count, place]);
      if (written.committed) {
        return { is: "rejected", outcome: `moved to ${place.key}: ${reason}` };
      }
      if (isStale(written.errors)) return STALE;
      // An entry of the same number, typed by hand, was moved aside before: both are kept.
      const counter = await leadership.patiently("events", () => consul.kv.get(EPOCH));
      const next = epochNumber((counter === null ? 0n : counterOf(counter)) + 1n);
      const fresh = Math.max(next, atLeast);
      atLeast = fresh + 1;
      count = [txn.cas(EPOCH, String(fresh), counter?.modifyIndex ?? 0)];
      place = txn.cas(eqRejectedKey(fresh), value, 0);
      await this.#pause(conflicts, CONFLICT_PAUSE);
    }
  }

  async #pause(attempt: number, bounds: { readonly baseMs: number; readonly maxMs: number }) {
    const { clock, leadership, random } = this.#deps;
    await clock.sleep(backoffMs(attempt, { ...bounds, random }), leadership.signal);
  }
}

/** The event in an entry, or why there is none. */
function parse({ text }: QueueEntry): HareEvent | string {
  try {
    return parseEvent(text);
  } catch (error) {
    if (error instanceof EventSyntaxError) return error.message;
    throw error;
  }
}

/** Removes an entry if it is as it was read; `delete-cas` would succeed where it is gone. */
function removal({ key, index }: QueueEntry): TxnOp[] {
  return [txn.checkIndex(key, index), txn.delete(key)];
}

/** Whether the entry itself was not as it had been read. */
function isStale(errors: readonly { readonly index: number }[]): boolean {
  return errors.some(({ index }) => index < REMOVAL_OPS);
}
