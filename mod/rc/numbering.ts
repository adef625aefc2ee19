/**
 * The leader maintains the counter `epoch`. Each hax skips broadcasts with numbers that it has
 * already passed, so broadcasts would be lost after the counter went back. The leader knows the
 * highest number in use, corrects a lower counter, and allocates only higher numbers.
 *
 * @module
 */

import { type KvEntry, txn, type TxnOp } from "../consul/mod.ts";
import {
  type Counter,
  epochIn,
  MAX_COUNTED,
  MAX_EPOCH,
  readHighest,
  type Taken,
} from "../kv/epoch_counter.ts";
import { EPOCH } from "../kv/keys.ts";
import { excerpt } from "../lib/excerpt.ts";
import type { Logger } from "../lib/log.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";

/** Dependencies of a {@linkcode Numbering}. */
export interface NumberingDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly log: Logger;
}

/** Producers increment the counter up to some thousand times a second: reads are throttled. */
const PAUSE_MS = 1000;

/** A restored snapshot wakes no query: the leader sees the change when the next query begins. */
const WAIT_MS = 10_000;

/** Allocates the numbers of one term. */
export class Numbering {
  readonly #deps: NumberingDeps;
  #highest: Taken = { number: 0, key: EPOCH };
  /** The last reported state of the counter. */
  #said = -1;

  constructor(deps: NumberingDeps) {
    this.#deps = deps;
  }

  /**
   * Reads which numbers are in use, and corrects the counter. Call it before the term's work.
   *
   * @throws the reason of the end of leadership
   */
  async open(): Promise<void> {
    const { consul, leadership: { signal } } = this.#deps;
    const options = { signal, consistent: true };
    this.takes(await this.#patiently(() => readHighest(consul, options)));
    await this.#mend(await this.#patiently(() => consul.kv.get(EPOCH, options)));
  }

  /** Records a number in use. */
  takes(taken: Taken): void {
    const most = taken.key === EPOCH ? MAX_EPOCH : MAX_COUNTED;
    if (taken.number > this.#highest.number && taken.number <= most) this.#highest = taken;
  }

  /** Records the numbers of a committed write. */
  committed(ops: readonly TxnOp[]): void {
    const counted = ops.find(({ key }) => key === EPOCH)?.value;
    if (counted !== undefined) this.takes({ number: Number(counted), key: EPOCH });
  }

  /**
   * Watches the counter and corrects it; ends with leadership.
   *
   * @throws the reason of the end of leadership
   */
  async watch(): Promise<void> {
    const { clock, consul, leadership: { signal }, reachability } = this.#deps;
    const options = { ...reachability.watch("counter", signal), waitMs: WAIT_MS };
    for await (const entry of consul.kv.watch(EPOCH, options)) {
      await this.#mend(entry);
      await clock.sleep(PAUSE_MS, signal);
    }
  }

  /** The present counter, raised to the highest number in use if it is lower. */
  async read(): Promise<Counter> {
    const { consul } = this.#deps;
    const entry = await this.#patiently(() => consul.kv.get(EPOCH));
    const number = epochIn(entry);
    if (number !== null && number >= this.#highest.number) {
      this.#said = -1;
      return { last: number, modifyIndex: entry?.modifyIndex ?? 0 };
    }
    this.#say(entry); // the write that allocates a number corrects the counter
    return { last: this.#highest.number, modifyIndex: entry?.modifyIndex ?? 0 };
  }

  /** Corrects a counter that is behind, unless it has changed since it was read. */
  async #mend(found: KvEntry | null): Promise<void> {
    const { consul, leadership } = this.#deps;
    for (let entry = found;;) {
      const number = epochIn(entry);
      if (number !== null && number >= this.#highest.number) {
        this.#said = -1;
        return this.takes({ number, key: EPOCH });
      }
      const last = this.#highest;
      if (entry === null && last.number === 0) return; // the first entry creates it
      const set = txn.cas(EPOCH, String(last.number), entry?.modifyIndex ?? 0);
      if ((await leadership.write([set])).committed) {
        this.#say(entry);
        return;
      }
      entry = await this.#patiently(() => consul.kv.get(EPOCH));
    }
  }

  /** Logs, once for each state of the counter, that it is behind. */
  #say(entry: KvEntry | null): void {
    const index = entry?.modifyIndex ?? 0;
    const { number, key } = this.#highest;
    if (index === this.#said || entry === null && number === 0) return;
    this.#said = index;
    this.#deps.log.warn("counter {counter} {fault}: numbers continue after {number}, {source}", {
      counter: EPOCH,
      fault: entry === null
        ? "was missing"
        : `had gone back to ${JSON.stringify(excerpt(entry.value, 20))}`,
      number,
      source: key === EPOCH ? "its own last one" : `that of ${key}`,
    });
  }

  async #patiently<T>(call: () => Promise<T>): Promise<T> {
    return await this.#deps.leadership.patiently("counter", call);
  }
}
