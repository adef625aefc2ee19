/**
 * What operators have ordered: to pause, or to move leadership. Every coordinator keeps the orders
 * in view (`hare/rc/`).
 *
 * @module
 */

import type { Consul, KvEntry } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import { RC_ORDERS_PREFIX, RC_PAUSED, RC_SWITCHOVER } from "../kv/keys.ts";
import { parseSwitchover, type Switchover } from "../kv/rc_orders.ts";
import type { Logger } from "../lib/log.ts";
import type { Reachability } from "./reachability.ts";

/** What {@linkcode Orders} stand on. */
export interface OrdersDeps {
  readonly consul: { readonly kv: Pick<Consul["kv"], "watchPrefix"> };
  readonly reachability: Reachability;
  readonly log: Logger;
  /** Is told that an order was given or taken back. */
  readonly onChange: () => void;
}

/** The orders as they are known here. */
export class Orders {
  readonly #deps: OrdersDeps;
  readonly #waiting = new Set<() => void>();
  #paused = false;
  #switchover: Switchover | null = null;

  constructor(deps: OrdersDeps) {
    this.#deps = deps;
  }

  /** Whether events are to wait. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Where leadership is to move, or `null`. */
  get switchover(): Switchover | null {
    return this.#switchover;
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
    this.#switchover = this.#switchoverIn(entries);
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

  #switchoverIn(entries: readonly KvEntry[]): Switchover | null {
    const entry = entries.find(({ key }) => key === RC_SWITCHOVER);
    if (entry === undefined) return null;
    try {
      return parseSwitchover(entry);
    } catch (error) {
      if (!(error instanceof KvValueError)) throw error;
      this.#deps.log.warn("an order is not heeded: {why}", { why: error.message });
      return null;
    }
  }
}
