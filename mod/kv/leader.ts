/**
 * The leader of the recovery coordinators. The session that holds the lock of key `leader` says which
 * node leads. The key's value only repeats the node's name for people: anybody can write it, and a
 * write leaves the lock as it is, so it is never believed.
 *
 * @module
 */

import type { Consul, KvEntry, ReadOptions, WatchOptions } from "../consul/mod.ts";
import { LEADER } from "./keys.ts";

/** Who holds the lock. */
export interface Leader {
  /** Node of the session that holds the lock. */
  readonly node: string;
  readonly session: string;
  /** How often the lock was taken, since the value was last written by anybody else. */
  readonly term: number;
  /** What the key's value says; the leader sets it right when it is not the node's name. */
  readonly value: string;
}

/** The part of Consul that says who leads. */
export interface LeaderStore {
  readonly kv: Pick<Consul["kv"], "get">;
  readonly session: Pick<Consul["session"], "info">;
}

/** Options of {@linkcode watchLeader}. */
export interface WatchLeaderOptions extends WatchOptions {
  /** Time limit of the question whose a session is, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Who leads now; `null` while nobody does.
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
 * Who leads according to an entry of `leader`; `null` when nobody does, or the session has just ended.
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
 * Who leads as of now, and again after each change. Sessions are asked for once each: a session is of
 * the same node as long as it lives.
 *
 * @throws {ConsulError} when it is not known whose a session is, or the watch ends for good
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
