/**
 * A key-value store in memory that knows check-and-set, for tests of what is written to Consul. It
 * can be away, and it can commit without answering.
 *
 * @module
 */

import {
  type Consul,
  ConsulError,
  type KvEntry,
  type TxnOp,
  type TxnResult,
} from "../../mod/consul/mod.ts";

/** The part of Consul that the records of hax use. */
export class FakeKv {
  readonly #entries = new Map<string, KvEntry>();
  #index = 1;
  /** What happens to the next calls, the first first; none: they succeed. */
  readonly failures: ("away" | "committed without an answer")[] = [];

  readonly kv: Pick<Consul["kv"], "get" | "keys" | "list" | "cas"> = {
    get: (key: string): Promise<KvEntry | null> => {
      this.#failIfAway();
      return Promise.resolve(this.#entries.get(key) ?? null);
    },
    keys: (prefix: string): Promise<string[]> => {
      this.#failIfAway();
      return Promise.resolve(this.entries(prefix).map(({ key }) => key));
    },
    list: (prefix: string): Promise<KvEntry[]> => {
      this.#failIfAway();
      return Promise.resolve(this.entries(prefix));
    },
    cas: (key, value, index, { flags = 0 } = {}): Promise<boolean> => {
      this.#failIfAway();
      const isAt = this.#entries.get(key)?.modifyIndex ?? 0;
      if (isAt !== index) return Promise.resolve(false);
      this.#put(key, value, flags);
      this.#failIfUnanswered();
      return Promise.resolve(true);
    },
  };

  /** Sets a key, as somebody else. */
  set(key: string, value: string): void {
    this.#put(key, value);
  }

  /** Removes a key, as somebody else. */
  remove(key: string): void {
    this.#entries.delete(key);
  }

  /** The value of a key. */
  value(key: string): string | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The entries below a prefix, in the order of their keys. */
  entries(prefix: string): KvEntry[] {
    return [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .toSorted((a, b) => a.key < b.key ? -1 : 1);
  }

  txn(ops: readonly TxnOp[]): Promise<TxnResult> {
    this.#failIfAway();
    const errors = ops.flatMap(({ verb, key, index }, i) => {
      if (verb !== "cas") throw new Error(`this store cannot ${verb}`);
      const isAt = this.#entries.get(key)?.modifyIndex ?? 0;
      return isAt === index ? [] : [{ index: i, what: `${key} is at index ${isAt}` }];
    });
    if (errors.length > 0) return Promise.resolve({ ok: false, errors });
    this.#index += 1;
    const entries = ops.map(({ key, value = "" }) => this.#put(key, value));
    this.#failIfUnanswered();
    return Promise.resolve({ ok: true, entries });
  }

  #put(key: string, value: string, flags = 0): KvEntry {
    const modifyIndex = ++this.#index;
    const entry = {
      key,
      value,
      flags,
      session: null,
      lockIndex: 0,
      createIndex: this.#entries.get(key)?.createIndex ?? modifyIndex,
      modifyIndex,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #failIfUnanswered(): void {
    if (this.failures[0] !== "committed without an answer") return;
    this.failures.shift();
    throw error("timeout");
  }

  #failIfAway(): void {
    if (this.failures[0] !== "away") return;
    this.failures.shift();
    throw error("unreachable");
  }
}

function error(kind: "timeout" | "unreachable"): ConsulError {
  return new ConsulError(`Consul is ${kind}`, { kind, retryable: true });
}
