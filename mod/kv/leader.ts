/**
 * The leader of the recovery coordinators. The session that holds the lock of key `leader`
 * determines which node leads. The key's value repeats the node's name for people only. Any client
 * can write the value without holding the lock, so Hare never relies on it.
 *
 * @module
 */

import type { Consul, KvEntry, ReadOptions, WatchOptions } from "../consul/mod.ts";
import { LEADER } from "./keys.ts";

/** The holder of the lock. */
export interface Leader {
  /** Node of the session that holds the lock. */
  readonly node: string;
  readonly session: string;
  /** How often the lock was acquired since another client last wrote the value. */
  readonly term: number;
  /** The key's value; the leader corrects it when it differs from the node's name. */
  readonly value: string;
}

/** The part of the Consul client that this module needs. */
export interface LeaderStore {
  readonly kv: Pick<Consul["kv"], "get">;
  readonly session: Pick<Consul["session"], "info">;
}

/** Options of {@linkcode watchLeader}. */
export interface WatchLeaderOptions extends WatchOptions {
  /** Time limit of the request for a session's node, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The present leader; `null` if there is none.
 *
 * @throws {ConsulError} when Consul cannot be asked
 */
export async function readLeader(
  consul: LeaderStore,
  options: ReadOptions = {},
): Promise<Leader | null> {
  return await leaderIn(await consul.kv.get(LEADER, options), consul, options);
}

/**
 * The leader according to an entry of `leader`; `null` if no session holds the lock, or the session
 * has just ended.
 *
 * @throws {ConsulError} when Consul cannot be asked
 */
export async function leaderIn(
  entry: KvEntry | null,
  { session: sessions }: Pick<LeaderStore, "session">,
  options: ReadOptions = {},
): Promise<Leader | null> {
  if (entry === null || entry.session === null) return null;
  const session = await sessions.info(entry.session, options);
  return session === null ? null : leaderOf(entry, entry.session, session.node);
}

/**
 * Yields the leader now, and again after each change. Each session is requested once: a session
 * belongs to the same node for its whole life.
 *
 * @throws {ConsulError} when a session's node cannot be determined, or the watch ends for good
 */
export async function* watchLeader(
  consul: { readonly kv: Pick<Consul["kv"], "watch"> } & Pick<LeaderStore, "session">,
  options: WatchLeaderOptions,
): AsyncIterableIterator<Leader | null> {
  const { signal, timeoutMs } = options;
  let last: Leader | null = null;
  for await (const entry of consul.kv.watch(LEADER, options)) {
    last = last !== null && last.session === entry?.session
      ? leaderOf(entry, last.session, last.node)
      : await leaderIn(entry, consul, { signal, timeoutMs });
    yield last;
  }
}

function leaderOf({ lockIndex, value }: KvEntry, session: string, node: string): Leader {
  return { node, session, term: lockIndex, value };
}
