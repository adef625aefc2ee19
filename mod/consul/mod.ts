/**
 * A client of Consul's HTTP API on `fetch`: the key-value store, transactions, sessions, the
 * catalog, health, the agent, and blocking queries that survive years.
 *
 * Every call takes an `AbortSignal` and has a time limit; every failure is a
 * {@linkcode ConsulError} that says which call, at which address, and why.
 *
 * @example A counter with a watcher
 * ```ts
 * import { type Consul, ConsulError, consulFromEnv, txn } from "./mod.ts";
 *
 * async function count(consul: Consul): Promise<void> {
 *   const stop = new AbortController();
 *   await consul.kv.put("visits", "0");
 *   for await (const entry of consul.kv.watch("visits", { signal: stop.signal })) {
 *     const visits = Number(entry?.value);
 *     if (visits === 3) break;
 *     const result = await consul.txn([
 *       txn.cas("visits", String(visits + 1), entry?.modifyIndex ?? 0),
 *       txn.set("last-visit", new Date().toISOString()),
 *     ]);
 *     if (!result.ok) console.error("somebody else was faster:", result.errors);
 *   }
 * }
 *
 * if (Deno.args[0] === "count") {
 *   try {
 *     await count(consulFromEnv());
 *   } catch (error) {
 *     if (!(error instanceof ConsulError)) throw error;
 *     console.error(`${error.message}\n${error.hint ?? ""}`);
 *   }
 * }
 * ```
 *
 * @module
 */

export {
  Agent,
  type AgentSelf,
  type CheckDefinition,
  type Member,
  type MemberStatus,
  type ServiceDefinition,
  type UpdateOptions,
} from "./agent.ts";
export {
  Catalog,
  type CatalogNode,
  type CatalogService,
  type NodeServices,
  type ServiceInstance,
} from "./catalog.ts";
export { Consul, type ConsulOptions, type ConsulTls } from "./consul.ts";
export { consulFromEnv, consulOptionsFromEnv, type Env } from "./env.ts";
export { ConsulError, type ConsulErrorDetails, type ConsulErrorKind } from "./errors.ts";
export { type CheckStatus, Health, type HealthCheck, type ServiceHealth } from "./health.ts";
export type { CallOptions, ReadOptions } from "./request.ts";
export type { KeptConnection } from "./kept_connection.ts";
export { Kv, type KvEntry, MAX_VALUE_BYTES } from "./kv.ts";
export { Operator, type RaftServer } from "./operator.ts";
export { Session, type SessionDefinition, type SessionInfo } from "./session.ts";
export { Status } from "./status.ts";
export { MAX_TXN_OPS, splitTxnOps, txn, type TxnOp, type TxnResult } from "./txn.ts";
export type { WatchOptions } from "./watch.ts";
