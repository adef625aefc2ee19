/**
 * Consul's KV as far as a leader's work uses it, in memory, with one call after another and whatever
 * a test wants to happen in between.
 *
 * @module
 */

import { isText, textFromBase64 } from "../../mod/consul/base64.ts";
import {
  ConsulError,
  type KvEntry,
  MAX_VALUE_BYTES,
  type TxnOp,
  type TxnResult,
} from "../../mod/consul/mod.ts";
import { LEADER, RC_PAUSED } from "../../mod/kv/keys.ts";
import { encodeBase64 } from "../../mod/lib/std/encoding.ts";
import type { LeaderConsul } from "../../mod/rc/leadership.ts";

/** A transaction that was committed. */
export interface Commit {
  /** Session of the client that sent it. */
  readonly by: string;
  /** Session that held the lock of `leader` then. */
  readonly holder: string | null;
  /** Whether the coordinator was paused then. */
  readonly paused: boolean;
  readonly ops: readonly TxnOp[];
}

/** A call of a client. */
export type Call = "get" | "keys" | "list" | "txn";

/** What befalls one call. */
export type Fate = "done" | "refused" | "answer-lost";

/** The state, and the clients of it. */
export class ModelConsul {
  /** All transactions that were committed, in order. */
  readonly commits: Commit[] = [];
  /** Is asked before each call of a client; may change the state, and take its time. */
  beforeCall: (call: Call) => Promise<Fate> | Fate = () => "done";
  /** Which operations Consul refuses for good, the whole transaction with them. */
  refuses: (op: TxnOp) => boolean = () => false;
  readonly #entries = new Map<string, KvEntry>();
  readonly #watchers = new Set<() => void>();
  #index = 10;

  /** Who holds the lock of `leader`. */
  get holder(): string | null {
    return this.#entries.get(LEADER)?.session ?? null;
  }

  /** Gives the lock of `leader` to `session`. */
  lock(session: string | null): void {
    this.hold(LEADER, "a node", session);
  }

  /** Sets a key, and gives its lock to `session`. */
  hold(key: string, value: string, session: string | null): void {
    const before = this.#entries.get(key)?.lockIndex ?? 0;
    this.put(key, value);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const lockIndex = before + (session === null ? 0 : 1);
    this.#entries.set(key, { ...entry, session, lockIndex });
  }

  put(key: string, value: string): void {
    this.#commit([{ verb: "set", key, value }]);
  }

  /** Puts any bytes, as a client of Consul reads them. */
  putBytes(key: string, bytes: Uint8Array): void {
    const encoded = encodeBase64(bytes);
    const value = textFromBase64(encoded);
    this.put(key, value);
    const entry = this.#entries.get(key);
    if (entry === undefined || isText(encoded)) return;
    this.#entries.set(key, { ...entry, binary: encoded });
  }

  delete(key: string): void {
    this.#commit([{ verb: "delete", key }]);
  }

  get(key: string): KvEntry | null {
    return this.#entries.get(key) ?? null;
  }

  list(prefix: string): KvEntry[] {
    return [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .toSorted((a, b) => a.key < b.key ? -1 : 1);
  }

  /** Values by key, below `prefix`. */
  values(prefix: string): Record<string, string> {
    return Object.fromEntries(this.list(prefix).map(({ key, value }) => [key, value]));
  }

  /** Commits a transaction at once, for nobody in particular. */
  commit(ops: readonly TxnOp[]): TxnResult {
    return this.#txn("", ops);
  }

  /** A client; `by` is told from other clients in {@linkcode commits}. */
  client(by: string): LeaderConsul {
    return {
      kv: {
        get: (key) => this.#call("get", () => this.get(key)),
        keys: (prefix) => this.#call("keys", () => this.list(prefix).map(({ key }) => key)),
        list: (prefix) => this.#call("list", () => this.list(prefix)),
        watch: (key, { signal }) => this.#watch(() => this.get(key), signal),
        watchPrefix: (prefix, { signal }) => this.#watch(() => this.list(prefix), signal),
      },
      txn: (ops) =>
        this.#call("txn", () => {
          checkSize(ops);
          const refused = ops.find((op) => this.refuses(op));
          if (refused !== undefined) throw refusal(`the model refuses ${refused.key}`);
          return this.#txn(by, ops);
        }),
    };
  }

  async #call<T>(name: Call, call: () => T): Promise<T> {
    const fate = await this.beforeCall(name);
    if (fate === "refused") throw away();
    const answer = call();
    await Promise.resolve();
    if (fate === "answer-lost") throw away();
    return answer;
  }

  async *#watch<T>(read: () => T, signal: AbortSignal): AsyncIterableIterator<T> {
    let seen = "";
    while (!signal.aborted) {
      const entries = await this.#watched(read);
      const state = JSON.stringify(entries, (name, value) => name === "value" ? undefined : value);
      if (state !== seen) {
        seen = state;
        yield entries;
      } else {
        await this.#change(signal);
      }
    }
  }

  /** A watch outlasts Consul's absence. */
  async #watched<T>(read: () => T): Promise<T> {
    while (true) {
      try {
        return await this.#call("list", read);
      } catch (error) {
        if (!(error instanceof ConsulError && error.retryable)) throw error;
      }
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#watchers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#watchers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #txn(by: string, ops: readonly TxnOp[]): TxnResult {
    const errors = ops.flatMap((op, index) => {
      const what = this.#objection(op);
      return what === null ? [] : [{ index, what }];
    });
    if (errors.length > 0) return { ok: false, errors };
    this.commits.push({ by, holder: this.holder, paused: this.#entries.has(RC_PAUSED), ops });
    this.#commit(ops);
    return { ok: true, entries: [] };
  }

  #commit(ops: readonly TxnOp[]): void {
    this.#index += 1;
    for (const { verb, key, value = "" } of ops) {
      if (verb === "delete") this.#entries.delete(key);
      else if (verb === "set" || verb === "cas") this.#set(key, value);
    }
    for (const wake of [...this.#watchers]) wake();
  }

  #set(key: string, value: string): void {
    const old = this.#entries.get(key);
    this.#entries.set(key, {
      key,
      value,
      flags: 0,
      session: old?.session ?? null,
      lockIndex: 0, // Consul restarts the count when a value is written
      createIndex: old?.createIndex ?? this.#index,
      modifyIndex: this.#index,
    });
  }

  /** Why Consul refuses an operation; all those of one transaction see the state before it. */
  #objection(op: TxnOp): string | null {
    const entry = this.get(op.key);
    switch (op.verb) {
      case "set":
      case "delete":
        return null;
      case "cas":
        return (entry?.modifyIndex ?? 0) === op.index ? null : `${op.key}: index is stale`;
      case "check-not-exists":
        return entry === null ? null : `${op.key}: it is there`;
      case "check-index":
        return entry !== null && entry.modifyIndex === op.index
          ? null
          : `${op.key}: index is ${entry?.modifyIndex ?? "none"}`;
      case "check-session":
        return entry !== null && entry.session === op.session
          ? null
          : `${op.key}: session is ${entry?.session ?? "none"}`;
      default:
        throw new Error(`the model knows no ${op.verb}`);
    }
  }
}

/** Consul takes so much of a value, and as much of a whole request, in which values are Base64. */
function checkSize(ops: readonly TxnOp[]): void {
  const sizes = ops.map(({ value = "" }) => new TextEncoder().encode(value).length);
  const rest = JSON.stringify(ops.map(({ value: _, ...op }) => ({ KV: { ...op, Value: "" } })));
  const request = sizes.reduce((sum, size) => sum + 4 * Math.ceil(size / 3), rest.length);
  if (Math.max(...sizes) <= MAX_VALUE_BYTES && request <= MAX_VALUE_BYTES) return;
  throw refusal(`the model's Consul answered 413: ${request} bytes are too large`);
}

function refusal(message: string): ConsulError {
  return new ConsulError(message, { kind: "client", retryable: false, status: 413 });
}

function away(): ConsulError {
  return new ConsulError("the model's Consul is away", { kind: "timeout", retryable: true });
}
