/**
 * What is asked of a Consul agent, and how long the caller waits.
 *
 * @module
 */

import type { Query } from "./query.ts";

/** Options of every call. */
export interface CallOptions {
  /** Ends the call with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit for the whole answer in milliseconds. {@default 10000} */
  readonly timeoutMs?: number | undefined;
}

/** Options of calls that read. */
export interface ReadOptions extends CallOptions {
  /** Ask the leader to make sure that it still leads. {@default false} */
  readonly consistent?: boolean | undefined;
  /** Any server may answer from its own, perhaps older, state. {@default false} */
  readonly stale?: boolean | undefined;
}

/** A request to the agent. */
export interface Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Path with its segments encoded, for example `/v1/kv/leader`. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: string | undefined;
  /** Statuses besides 2xx that are an answer to this request and not a failure. */
  readonly expect?: readonly number[] | undefined;
  /**
   * For what is a list: the rules of a policy that let a token read all of it, as in
   * `key_prefix "eq/" { policy = "read" }`. Consul leaves out the rest.
   */
  readonly right?: string | undefined;
}

/** Query parameters of {@linkcode ReadOptions}. */
export function consistencyOf(options: ReadOptions): Query {
  return { consistent: options.consistent, stale: options.stale };
}

/** Whether Raft's leader is asked; the agent and each server answer the rest themselves. */
export function isForLeader({ path, query }: Request): boolean {
  return !/^\/v1\/(agent|status)\//.test(path) && query?.["stale"] !== true;
}

/** Whether the answer waits for a change. */
export function isBlocking({ method, query }: Request): boolean {
  return method === "GET" && (query?.["index"] ?? "0") !== "0";
}
