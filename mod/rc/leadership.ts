/**
 * The fence: what makes it safe to have a leader.
 *
 * No clock and no lock delay can promise that a leader which was paused, or cut off, knows that it
 * leads no longer. So Consul itself refuses its writes: each is one transaction that begins with the
 * condition that the leader's session still holds the lock of `leader`. The leader's work has no
 * other way to write than {@linkcode Leadership.write}.
 *
 * @module
 */

import {
  type CallOptions,
  ConsulError,
  type Kv,
  MAX_TXN_OPS,
  txn,
  type TxnOp,
  type TxnResult,
} from "../consul/mod.ts";
import { LEADER } from "../kv/keys.ts";
import { type PatienceDeps, patiently } from "./patiently.ts";

/** What the leader's work uses of Consul. */
export interface LeaderConsul {
  readonly kv: Pick<Kv, "get" | "keys" | "list" | "watch" | "watchPrefix">;
  txn(ops: readonly TxnOp[], options?: CallOptions): Promise<TxnResult>;
}

/** What the leader's work stands on. */
export interface LeaderDeps extends PatienceDeps {
  readonly consul: LeaderConsul;
}

/** Leadership is over: lost, given up, or not needed any more. The message says why. */
export class LeadershipOver extends Error {
  override readonly name = "LeadershipOver";
}

/**
 * Whether `error` ends the term: leadership is over, or Consul refuses a right. Any other error
 * concerns the current item only; the caller must report it and skip the item.
 *
 * @param signal the signal of the leadership
 */
export function endsTerm(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || isForbidden(error);
}

/** Whether Consul has refused because a right is missing. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ConsulError && error.kind === "forbidden";
}

/** What a write came to; the places of failed operations count from the writer's own first one. */
export type Written =
  | { readonly committed: true }
  | {
    readonly committed: false;
    readonly errors: readonly { readonly index: number; readonly what: string }[];
  };

/** Operations in one {@linkcode Leadership.write}: the fence takes one of Consul's. */
export const MAX_WRITE_OPS = MAX_TXN_OPS - 1;

/** One session's time as the leader. */
export class Leadership {
  /** The session that holds the lock. */
  readonly session: string;
  readonly #deps: LeaderDeps;
  readonly #over = new AbortController();

  constructor(session: string, deps: LeaderDeps) {
    this.session = session;
    this.#deps = deps;
  }

  /** Aborted when leadership is over; the reason is what {@linkcode end} was given first. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends leadership: work stops after what it has in hand. */
  end(reason: unknown): void {
    this.#over.abort(reason);
  }

  /**
   * Commits all of `ops`, or nothing, if this session still leads.
   *
   * While Consul is away it is tried again. (With {@linkcode signal} in `options` a try is cut short
   * when leadership ends; without, it is finished.) A try whose answer was lost may have been committed, so
   * `ops` must hold a condition that is false once they are done.
   *
   * @throws the reason of {@linkcode signal} when leadership is over
   * @throws {ConsulError} when Consul will never take these operations
   */
  async write(ops: readonly TxnOp[], options: CallOptions = {}): Promise<Written> {
    const fenced = [txn.checkSession(LEADER, this.session), ...ops];
    const result = await this.patiently("write", () => this.#deps.consul.txn(fenced, options));
    if (result.ok) return { committed: true };
    const refusal = result.errors.find(({ index }) => index === 0);
    if (refusal !== undefined) {
      this.end(new LeadershipOver(`Consul refused a write: ${refusal.what}`));
      throw this.signal.reason;
    }
    const errors = result.errors.map(({ index, what }) => ({ index: index - 1, what }));
    return { committed: false, errors };
  }

  /**
   * Makes `call`, and makes it again while Consul is away and leadership lasts.
   *
   * @throws the reason of {@linkcode signal} when leadership ends while Consul is away
   * @throws whatever else `call` throws
   */
  async patiently<T>(who: string, call: () => Promise<T>): Promise<T> {
    return await patiently(who, call, this.#deps, this.signal);
  }
}
