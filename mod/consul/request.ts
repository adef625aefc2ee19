/**
 * Requests to a Consul agent, and how long the caller waits.
 *
 * @module
 */

import type { Query } from "./query.ts";

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call; the call throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit for the whole answer in milliseconds. {@default 10000} */
  readonly timeoutMs?: number | undefined;
}

/** Options of calls that read. */
export interface ReadOptions extends CallOptions {
  /** The leader must verify that it still leads. {@default false} */
  readonly consistent?: boolean | undefined;
  /** Any server may answer from its own state, which may be stale. {@default false} */
  readonly stale?: boolean | undefined;
}

/** A request to the agent. */
export interface Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Path with its segments encoded, for example `/v1/kv/leader`. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: string | undefined;
  /** Statuses other than 2xx that are valid answers to this request. */
  readonly expect?: readonly number[] | undefined;
  /**
   * For a list: the policy rules that let a token read the complete list, for example
   * `key_prefix "eq/" { policy = "read" }`. Consul leaves out entries that the token may not read.
   */
  readonly right?: string | undefined;
}

/** Query parameters of {@linkcode ReadOptions}. */
export function consistencyOf(options: ReadOptions): Query {
  return { consistent: options.consistent, stale: options.stale };
}

/** Whether the request needs Raft's leader; the agent or any server answers other requests. */
export function isForLeader({ path, query }: Request): boolean {
  return !/^\/v1\/(agent|status)\//.test(path) && query?.["stale"] !== true;
}

/** Whether the answer waits for a change. */
export function isBlocking({ method, query }: Request): boolean {
  return method === "GET" && (query?.["index"] ?? "0") !== "0";
}
