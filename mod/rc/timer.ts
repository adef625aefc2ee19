/**
 * The leader's timer: sleeps until the earliest timeout is due, and moves it to the event queue.
 *
 * @module
 */

import { type KvEntry, txn } from "../consul/mod.ts";
import { EPOCH, eqKey, eqRejectedKey, TIMEOUT_PREFIX } from "../kv/keys.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Logger } from "../lib/log.ts";
import { Bell } from "./bell.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";
import type { Mishaps } from "./mishaps.ts";
import type { Numbering } from "./numbering.ts";
import { failureOf } from "./question.ts";
import { FORMS, rejectedValue, shown } from "./rejected.ts";
import { TRIES } from "./step.ts";
import { KEY_OPS, moveTimeout, readTimeouts, type Timeout } from "./timeouts.ts";

/** What a {@linkcode Timer} stands on. */
export interface TimerDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly numbering: Numbering;
  readonly mishaps: Mishaps;
  readonly log: Logger;
}

/** A timeout after a failed move. */
interface Delayed {
  /** Consul's index of the timeout's last change. */
  readonly index: number;
  readonly failures: number;
  /** Time of the next attempt, on the monotonic clock. */
  readonly until: number;
}

/** Pauses between attempts to move a timeout. */
const TRY_PAUSE = { baseMs: 1000, maxMs: 60_000 };

/**
 * Interval at which the timer reads the wall clock, which may be set while the timer sleeps: a
 * timeout that becomes due waits no longer than this. (Linux reports a clock change through a
 * `timerfd`, which needs a thread that blocks in a foreign call. A read costs microseconds, and no
 * request to Consul.)
 */
const LOOK_EVERY_MS = 1_000;
/** Interval at which the timeouts are read even without a change. */
const READ_EVERY_MS = 60_000;

/** Fires timeouts while leadership lasts. */
export class Timer {
  readonly #deps: TimerDeps;
  readonly #bell: Bell;
  /** What is to come, the earliest first, as it was read last, without what was taken to be fired. */
  #timeouts: readonly Timeout[] = [];
  /** Time of the last reading, on the monotonic clock. */
  #readAt = -Infinity;
  /** Reported, and not to be reported again. */
  #unreadable: ReadonlyMap<string, string> = new Map();
  /** By key. */
  readonly #delayed = new Map<string, Delayed>();

  constructor(deps: TimerDeps) {
    this.#deps = deps;
    this.#bell = new Bell(deps.clock);
  }

  /** How many times are to come that events are due at. */
  get length(): number {
    return this.#timeouts.length;
  }

  /** Has the timeouts read and looked at anew, soon. */
  look(): void {
    this.#readAt = -Infinity;
    this.#bell.ring();
  }

  /** Keeps the timeouts in view; ends with leadership. */
  async watch(): Promise<void> {
    const { consul, leadership, reachability } = this.#deps;
    const options = reachability.watch("timeouts", leadership.signal);
    for await (const entries of consul.kv.watchPrefix(TIMEOUT_PREFIX, options)) {
      this.#see(entries);
      this.#bell.ring();
    }
  }

  /**
   * Fires what is due, for as long as leadership lasts.
   *
   * @throws the reason of the end of leadership
   */
  async run(): Promise<never> {
    const { leadership } = this.#deps;
    while (true) {
      await this.fireDue();
      const waits = this.#timeouts.map((timeout) => this.#waitMs(timeout));
      const pause = waits.reduce((least, wait) => Math.min(least, wait), LOOK_EVERY_MS);
      await this.#bell.wait(pause, leadership.signal);
    }
  }

  /** Moves all that is due now to the event queue, the earliest first. */
  async fireDue(): Promise<void> {
    const { clock, consul, leadership } = this.#deps;
    if (clock.monotonic() - this.#readAt >= READ_EVERY_MS) {
      this.#readAt = clock.monotonic();
      const { signal } = leadership;
      const list = () => consul.kv.list(TIMEOUT_PREFIX, { signal });
      this.#see(await leadership.patiently("timer", list));
    }
    const due = new Set(this.#timeouts.filter((timeout) => this.#waitMs(timeout) === 0));
    this.#timeouts = this.#timeouts.filter((timeout) => !due.has(timeout));
    for (const timeout of due) await this.#fire(timeout);
  }

  /** Time until a timeout must be moved, in milliseconds. */
  #waitMs({ key, index, due }: Timeout): number {
    const { clock } = this.#deps;
    const delayed = this.#delayed.get(key);
    if (delayed?.index === index) return Math.max(0, delayed.until - clock.monotonic());
    // deno-lint-ignore clock/wall -- timeouts are due by the wall clock
    return Math.max(0, due - clock.now());
  }

  /** Moves a timeout. A failed move is retried a few times; then the timeout is dead-lettered. */
  async #fire(timeout: Timeout): Promise<void> {
    const { key, index } = timeout;
    const delayed = this.#delayed.get(key);
    const failures = delayed?.index === index ? delayed.failures : 0;
    try {
      if (await this.#move(timeout)) {
        this.#delayed.delete(key);
      } else {
        await this.#moveAside(timeout, "no transaction of Consul takes so much");
      }
    } catch (error) {
      const why = failureOf(error, timeout, this.#deps);
      if (failures + 1 < TRIES) this.#delay(timeout, failures + 1, why);
      else await this.#moveAside(timeout, `it could not be moved ${TRIES} times: ${why}`);
    }
  }

  #delay(timeout: Timeout, failures: number, why: string): void {
    const { clock, mishaps, random } = this.#deps;
    const { key, index } = timeout;
    mishaps.report(`${key} cannot be moved to the event queue: ${why}`);
    const until = clock.monotonic() + TRY_PAUSE.baseMs +
      backoffMs(failures, { ...TRY_PAUSE, random });
    this.#delayed.set(key, { index, failures, until });
    this.#timeouts = [...this.#timeouts, timeout];
  }

  /** Moves a timeout to the event queue; `false` if it does not fit into a transaction. */
  async #move(timeout: Timeout): Promise<boolean> {
    const { leadership, log, numbering } = this.#deps;
    let atLeast = 0;
    while (true) {
      const move = moveTimeout(timeout, await numbering.read(), atLeast);
      if (move === null) return false;
      const { ops, epochs, left } = move;
      const written = await leadership.write(ops);
      if (written.committed) {
        numbering.committed(ops);
        log.info("{key} is due: {events}", {
          key: timeout.key,
          events: shown(
            epochs.map((n, i) => `${timeout.events[i]} → ${eqKey(n)}`).join(", ") || "empty",
          ),
        });
        if (left > 0) this.look();
        return true;
      }
      const failed = written.errors.map(({ index }) => index);
      // Somebody changed or removed it: the watch shows what it is now.
      if (failed.some((index) => index < KEY_OPS)) return true;
      // A number may be taken by an entry typed by hand; else only the counter has moved on.
      const taken = epochs[Math.max(...failed) - KEY_OPS - 1];
      if (taken !== undefined) atLeast = taken + 1;
    }
  }

  /** Dead-letters a timeout below `eq-rejected/`, with as much content as Consul accepts. */
  async #moveAside(timeout: Timeout, reason: string): Promise<void> {
    const { mishaps } = this.#deps;
    let why = "";
    for (const form of FORMS.keys()) {
      try {
        const letter = await this.#reject(timeout, reason, form);
        if (letter !== null) mishaps.report(`${timeout.key} is moved to ${letter}: ${reason}`);
        return;
      } catch (error) {
        why = failureOf(error, timeout, this.#deps);
      }
    }
    this.#delay(timeout, TRIES, `${reason}; nor can it be moved aside: ${why}`);
  }

  /** Dead-letters a timeout and returns the new key; `null` if the timeout has changed. */
  async #reject(timeout: Timeout, reason: string, form: number): Promise<string | null> {
    const { clock, leadership, numbering } = this.#deps;
    const { key, index } = timeout;
    const letter = await rejectedValue(timeout, reason, new Date(clock.now()), form);
    for (let atLeast = 0;;) {
      const { last, modifyIndex } = await numbering.read();
      const epoch = Math.max(last + 1, atLeast);
      const ops = [
        txn.checkIndex(key, index),
        txn.delete(key),
        txn.cas(EPOCH, String(epoch), modifyIndex),
        txn.cas(eqRejectedKey(epoch), letter, 0),
      ];
      const written = await leadership.write(ops);
      if (written.committed) numbering.committed(ops);
      if (written.committed) return eqRejectedKey(epoch);
      const failed = written.errors.map(({ index }) => index);
      if (failed.some((index) => index < KEY_OPS)) return null;
      if (failed.includes(KEY_OPS + 1)) atLeast = epoch + 1;
    }
  }

  #see(entries: readonly KvEntry[]): void {
    const { timeouts, unreadable } = readTimeouts(entries);
    for (const [key, why] of unreadable) {
      if (this.#unreadable.has(key)) continue;
      this.#deps.log.warn("{key} is left: {why}", { key: shown(key), why });
    }
    const keys = new Set(timeouts.map(({ key }) => key));
    for (const key of this.#delayed.keys()) if (!keys.has(key)) this.#delayed.delete(key);
    this.#timeouts = timeouts;
    this.#unreadable = unreadable;
  }
}
