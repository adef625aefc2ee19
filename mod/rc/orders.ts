/**
 * What operators have ordered: to pause, or to move leadership. Every coordinator keeps the orders
 * in view (`hare/rc/`).
 *
 * @module
 */

import type { Consul, KvEntry } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import { RC_ORDERS_PREFIX, RC_PAUSED, RC_SWITCHOVER } from "../kv/keys.ts";
import { ORDER_LIMIT_MS, parseSwitchover, type Switchover } from "../kv/rc_orders.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Reachability } from "./reachability.ts";

/** What {@linkcode Orders} stand on. */
export interface OrdersDeps {
  readonly consul: { readonly kv: Pick<Consul["kv"], "watchPrefix"> };
  readonly clock: Clock;
  readonly reachability: Reachability;
  readonly log: Logger;
  /** Is told that an order was given or taken back. */
  readonly onChange: () => void;
}

/** An order to move leadership, as stored in the KV. */
interface Order {
  readonly entry: KvEntry;
  /** Time of the first sighting, on the monotonic clock. */
  readonly since: number;
  /** `null` if invalid. */
  readonly parsed: Switchover | null;
}

/** The orders as they are known here. */
export class Orders {
  readonly #deps: OrdersDeps;
  readonly #waiting = new Set<() => void>();
  #paused = false;
  #order: Order | null = null;
  /** The void order that was already reported. */
  #reported = 0;

  constructor(deps: OrdersDeps) {
    this.#deps = deps;
  }

  /** Whether events are to wait. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Where leadership is to move, or `null`. */
  get switchover(): Switchover | null {
    return this.#whyVoid() === null ? this.#order?.parsed ?? null : null;
  }

  /** A void order: the leader removes it. */
  get voidOrder(): KvEntry | null {
    return this.#whyVoid() === null ? null : this.#order?.entry ?? null;
  }

  /** Keeps the orders in view until `signal` is aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    const { consul, reachability } = this.#deps;
    const options = reachability.watch("orders", signal);
    for await (const entries of consul.kv.watchPrefix(RC_ORDERS_PREFIX, options)) {
      this.see(entries);
    }
  }

  /** Takes the orders that stand in these entries. */
  see(entries: readonly KvEntry[]): void {
    const { log, onChange } = this.#deps;
    const paused = entries.some(({ key }) => key === RC_PAUSED);
    if (paused !== this.#paused) log.info(paused ? "is paused: events wait" : "is resumed");
    this.#paused = paused;
    this.#order = this.#orderIn(entries);
    this.#report();
    if (!paused) { for (const wake of this.#waiting) wake(); }
    onChange();
  }

  /**
   * Resolves at once when events are not to wait, else when that is so again.
   *
   * @throws the signal's reason when it waits, and `signal` is or becomes aborted
   */
  async untilResumed(signal: AbortSignal): Promise<void> {
    if (!this.#paused) return;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(resolve);
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #orderIn(entries: readonly KvEntry[]): Order | null {
    const entry = entries.find(({ key }) => key === RC_SWITCHOVER);
    if (entry === undefined) return null;
    const { clock, log } = this.#deps;
    // The operator's program may write the order again, but cannot extend it.
    const isSame = this.#order?.entry.createIndex === entry.createIndex &&
      this.#order.entry.session === entry.session;
    const since = isSame && this.#order !== null ? this.#order.since : clock.monotonic();
    try {
      return { entry, since, parsed: parseSwitchover(entry) };
    } catch (error) {
      if (!(error instanceof KvValueError)) throw error;
      log.warn("an order is ignored: {why}", { why: error.message });
      return { entry, since, parsed: null };
    }
  }

  /** Why the order is void; `null` if it is valid, or there is no order. */
  #whyVoid(): string | null {
    if (this.#order === null) return null;
    const { entry, since } = this.#order;
    if (entry.session === null) return "no live session holds it";
    const ageMs = this.#deps.clock.monotonic() - since;
    return ageMs < ORDER_LIMIT_MS ? null : `it is older than ${ORDER_LIMIT_MS / 1000} s`;
  }

  /** Logs once that an order is void. */
  #report(): void {
    const why = this.#whyVoid();
    const entry = this.#order?.entry;
    if (why === null || entry === undefined || this.#reported === entry.modifyIndex) return;
    this.#reported = entry.modifyIndex;
    this.#deps.log.warn("order {key} is ignored: {why}", { key: entry.key, why });
  }
}
