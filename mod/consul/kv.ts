/**
 * Consul's key-value store: `/v1/kv`.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import { isText, textFromBase64 } from "./base64.ts";
import type { Answer } from "./answer.ts";
import type { Http } from "./http.ts";
import { type CallOptions, consistencyOf, type ReadOptions, type Request } from "./request.ts";
import type { Query } from "./query.ts";
import { readKeys } from "./rights.ts";
import { type Watcher, type WatchOptions } from "./watch.ts";

/** A key with its value and its place in Consul's history. */
export interface KvEntry {
  readonly key: string;
  readonly value: string;
  /** The value in Base64, where its bytes are not UTF-8: `value` then has U+FFFD in their place. */
  readonly binary?: string;
  readonly flags: number;
  /** Session that holds the key's lock, or `null`. */
  readonly session: string | null;
  /** How often the key's lock has been acquired. */
  readonly lockIndex: number;
  readonly createIndex: number;
  /** Index of the last change: what check-and-set compares. */
  readonly modifyIndex: number;
}

/** Consul's form of an entry, as the KV store and transactions answer it. */
export const kvEntrySchema = z.object({
  Key: z.string(),
  Value: z.string().nullish(),
  Flags: z.number(),
  Session: z.string().optional(),
  LockIndex: z.number(),
  CreateIndex: z.number(),
  ModifyIndex: z.number(),
});

/** A {@linkcode KvEntry} of Consul's form of it. */
export function kvEntryOf(raw: z.infer<typeof kvEntrySchema>): KvEntry {
  const encoded = raw.Value ?? "";
  const value = textFromBase64(encoded);
  return {
    key: raw.Key,
    value,
    ...(value.includes("\ufffd") && !isText(encoded) ? { binary: encoded } : {}),
    flags: raw.Flags,
    session: raw.Session ?? null,
    lockIndex: raw.LockIndex,
    createIndex: raw.CreateIndex,
    modifyIndex: raw.ModifyIndex,
  };
}

const entriesSchema = z.array(kvEntrySchema);
const keysSchema = z.array(z.string());
const booleanSchema = z.boolean();

/** Bytes a value may have (spec: lessons.md, "Consul's limits"). */
export const MAX_VALUE_BYTES = 512 * 1024;

/**
 * Refuses a value that Consul would not take.
 *
 * @throws {HareError} naming the key and the size
 */
export function checkValueSize(key: string, value: string): void {
  if (value.length * 3 <= MAX_VALUE_BYTES) return; // a UTF-16 unit has at most three bytes
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > MAX_VALUE_BYTES) {
    throw new HareError(
      `the value for key ${key} has ${bytes} bytes; Consul takes at most ${MAX_VALUE_BYTES}`,
    );
  }
}

/** The key-value store of one agent. */
export class Kv {
  readonly #http: Http;
  readonly #watcher: Watcher;

  constructor(http: Http, watcher: Watcher) {
    this.#http = http;
    this.#watcher = watcher;
  }

  /** The entry at `key`, or `null` where there is none. */
  async get(key: string, options: ReadOptions = {}): Promise<KvEntry | null> {
    const query = consistencyOf(options);
    return firstOf(await this.#http.call({ ...readOf(kvPath(key)), query }, options));
  }

  /**
   * The entries of all keys that begin with `prefix`, in the order of their keys. Keys that end
   * with a slash are excluded, here and below: Consul's web page creates such keys for folders.
   */
  async list(prefix: string, options: ReadOptions = {}): Promise<KvEntry[]> {
    const query = { recurse: true, ...consistencyOf(options) };
    return entriesBelow(await this.#http.call({ ...listOf(prefix), query }, options));
  }

  /** All keys that begin with `prefix`, in order. */
  async keys(prefix: string, options: ReadOptions = {}): Promise<string[]> {
    const query = { keys: true, ...consistencyOf(options) };
    const answer = await this.#http.call({ ...listOf(prefix), query }, options);
    return answer.status === 404 ? [] : answer.json(keysSchema).filter(isNoFolder);
  }

  /** Sets `key` to `value`, whatever it was. */
  async put(key: string, value: string, options: CallOptions = {}): Promise<void> {
    await this.#write(key, value, {}, options);
  }

  /**
   * Sets `key` to `value` if its modify index still is `modifyIndex`; `0` means: if it is absent.
   *
   * @param options `flags`: number that the entry gets, a safe integer. {@default 0}
   * @returns whether it was set
   */
  async cas(
    key: string,
    value: string,
    modifyIndex: number,
    options: CallOptions & { readonly flags?: number | undefined } = {},
  ): Promise<boolean> {
    const query = { cas: String(modifyIndex), flags: options.flags?.toString() };
    return await this.#write(key, value, query, options);
  }

  /**
   * Sets `key` to `value` and locks it for `session`.
   *
   * @returns whether the session holds the lock now; not while another holds it, nor within the
   * lock delay after another lost it (then not even a session that is gone is an error)
   * @throws {ConsulError} of kind `server` when there is no such session
   */
  async acquire(
    key: string,
    value: string,
    session: string,
    options: CallOptions = {},
  ): Promise<boolean> {
    return await this.#write(key, value, { acquire: session }, options);
  }

  /**
   * Gives the lock of `key` back and sets the key to `options.value`, which is empty by default.
   *
   * @returns whether `session` held the lock
   */
  async release(
    key: string,
    session: string,
    options: CallOptions & { readonly value?: string | undefined } = {},
  ): Promise<boolean> {
    return await this.#write(key, options.value ?? "", { release: session }, options);
  }

  /** Removes `key` if it is there. */
  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#http.call({ method: "DELETE", path: kvPath(key) }, options);
  }

  /** Removes `key` if its modify index still is `modifyIndex`, and says whether it did. */
  async deleteCas(key: string, modifyIndex: number, options: CallOptions = {}): Promise<boolean> {
    const query = { cas: String(modifyIndex) };
    const answer = await this.#http.call({ method: "DELETE", path: kvPath(key), query }, options);
    return answer.json(booleanSchema);
  }

  /** Removes all keys that begin with `prefix`. */
  async deleteTree(prefix: string, options: CallOptions = {}): Promise<void> {
    const query = { recurse: true };
    await this.#http.call({ method: "DELETE", path: prefixPath(prefix), query }, options);
  }

  /** The entry at `key` as it is now, and again after each change of it (see `watch.ts`). */
  watch(key: string, options: WatchOptions): AsyncIterableIterator<KvEntry | null> {
    return this.#watcher.watch({
      request: readOf(kvPath(key)),
      read: firstOf,
      same: (a, b) => a?.modifyIndex === b?.modifyIndex,
    }, options);
  }

  /** The entries below `prefix` as they are now, and again after each change (see `watch.ts`). */
  watchPrefix(prefix: string, options: WatchOptions): AsyncIterableIterator<KvEntry[]> {
    return this.#watcher.watch({
      request: { ...listOf(prefix), query: { recurse: true } },
      read: entriesBelow,
      same: sameEntries,
    }, options);
  }

  async #write(
    key: string,
    value: string,
    query: Query,
    options: CallOptions,
  ): Promise<boolean> {
    checkValueSize(key, value);
    const request = { method: "PUT", path: kvPath(key), query, body: value } as const;
    return (await this.#http.call(request, options)).json(booleanSchema);
  }
}

function readOf(path: string): Request {
  return { method: "GET", path, expect: [404] };
}

function listOf(prefix: string): Request {
  return { ...readOf(prefixPath(prefix)), right: readKeys(prefix) };
}

function entriesOf(answer: Answer): KvEntry[] {
  return answer.status === 404 ? [] : answer.json(entriesSchema).map(kvEntryOf);
}

function entriesBelow(answer: Answer): KvEntry[] {
  return entriesOf(answer).filter(({ key }) => isNoFolder(key));
}

function isNoFolder(key: string): boolean {
  return !key.endsWith("/");
}

function firstOf(answer: Answer): KvEntry | null {
  return entriesOf(answer)[0] ?? null;
}

function sameEntries(a: readonly KvEntry[], b: readonly KvEntry[]): boolean {
  return a.length === b.length &&
    a.every((entry, i) => entry.key === b[i]?.key && entry.modifyIndex === b[i]?.modifyIndex);
}

function kvPath(key: string): string {
  if (key === "") throw new HareError("a Consul key cannot be empty");
  return prefixPath(key);
}

/** Paths with empty segments, `.` or `..` would name another key: Consul and URLs shorten them. */
function prefixPath(prefix: string): string {
  const segments = prefix.split("/");
  if (segments.some((part, i) => /^\.\.?$/.test(part) || part === "" && i < segments.length - 1)) {
    throw new HareError(`${JSON.stringify(prefix)} cannot be a Consul key`, {
      hint: "a key has no empty part, no `.` and no `..` between slashes",
    });
  }
  // Colons are fine as they are, and fids are full of them.
  return `/v1/kv/${segments.map(encodeURIComponent).join("/").replaceAll("%3A", ":")}`;
}
