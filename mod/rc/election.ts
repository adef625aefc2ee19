/**
 * The election: one session of this node tries to hold the lock of `leader`.
 *
 * {@linkcode Election.runCycle} makes one pass: it reads the state as it is now, decides
 * ({@linkcode decide}), does one thing, and says where this node stands. It neither waits nor
 * repeats: the loop in `coordinator.ts` does.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import { type Consul, ConsulError, type KvEntry, type SessionInfo } from "../consul/mod.ts";
import { LEADER } from "../kv/keys.ts";
import type { Switchover } from "../kv/rc_orders.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Logger } from "../lib/log.ts";
import { CannotLeadYet, SESSION_NAME, type SessionDeps, SessionKeeper } from "./session.ts";
import type { Settings } from "./settings.ts";

/** What an election stands on. */
export interface ElectionDeps {
  readonly consul: Consul;
  /** This node's name in Consul. */
  readonly node: string;
  readonly settings: Settings;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Where leadership is to move by order, as known now. */
  readonly switchover: () => Switchover | null;
  /**
   * Ends what this node does as the leader; is called before the lock is taken. It may have been
   * another's since it was this node's, and nobody has noticed.
   */
  readonly endTerm: () => Promise<void>;
  readonly checkOwn: SessionDeps["checkOwn"];
}

/** What is to be done. */
export type Action =
  | { readonly do: "open-session" }
  | { readonly do: "acquire"; readonly session: string }
  | { readonly do: "lead"; readonly session: string }
  | { readonly do: "follow"; readonly leader: string }
  /** The lock is held by an old session of this node's coordinator. */
  | { readonly do: "release-stray"; readonly session: string }
  /** The session that held the lock has just ended. */
  | { readonly do: "await-release" }
  /** By order: give the lock up. */
  | { readonly do: "step-down"; readonly session: string; readonly to: string }
  /** By order: leave the free lock to another. */
  | { readonly do: "stand-aside"; readonly to: string };

/**
 * What a node does that finds this state.
 *
 * @param session this node's own session, read anew, or `null` when it has none (any more)
 * @param leader the entry of `leader`
 * @param holder the session that holds the lock, if it is another one; `null` if it has just ended
 * @param node this node's name
 * @param order where leadership is to move, or `null`
 */
export function decide(
  session: SessionInfo | null,
  leader: KvEntry | null,
  holder: Pick<SessionInfo, "id" | "name" | "node"> | null,
  node: string,
  order: Switchover | null,
): Action {
  if (session === null) return { do: "open-session" };
  const isFree = leader === null || leader.session === null;
  if (order !== null && !mayLead(node, order)) {
    const to = order.to ?? "another node";
    if (isFree) return { do: "stand-aside", to };
    if (leader.session === session.id) return { do: "step-down", session: session.id, to };
  }
  if (isFree) return { do: "acquire", session: session.id };
  if (leader.session === session.id) return { do: "lead", session: session.id };
  if (holder === null) return { do: "await-release" };
  const isStray = isSameNode(holder.node, node) && holder.name === SESSION_NAME;
  return isStray
    ? { do: "release-stray", session: holder.id }
    : { do: "follow", leader: holder.node };
}

function mayLead(node: string, { from, to }: Switchover): boolean {
  return to === null ? !isSameNode(node, from) : isSameNode(node, to);
}

/** Where this node stands after a cycle. */
export type Standing =
  | { readonly is: "leading"; readonly session: string }
  | { readonly is: "following"; readonly leader: string }
  /** The lock is to be given up when the term has been ended: {@linkcode Election.stepDown}. */
  | { readonly is: "stepping-down"; readonly to: string }
  | {
    readonly is: "waiting";
    /** What for: a sentence for the log. */
    readonly why: string;
    /** After how many milliseconds the next cycle is due, if nothing happens before. */
    readonly retryMs: number;
  };

/** The node's state, for the log: a sentence without its subject. */
export function sentenceOf(standing: Standing): string {
  switch (standing.is) {
    case "leading":
      return `leads, with session ${standing.session}`;
    case "following":
      return `follows ${standing.leader}`;
    case "stepping-down":
      return `gives leadership to ${standing.to}, by order`;
    case "waiting":
      return standing.why;
  }
}

/**
 * Time limit of the calls of a cycle that say who leads, and of taking the lock. A call that was
 * passed on to a Raft leader whose host has vanished is never answered; it is to be given up before
 * the servers have noticed that the host is gone, 5 s later at the least.
 */
const CALL_LIMIT_MS = 3000;
/** Spread of the first try after a lock delay, so that followers do not all try together. */
const JITTER_MS = 50;
/** Pauses while no session can be had, or the lock is kept from everybody longer than expected. */
const RETRY = { baseMs: 20, maxMs: 1000 };

/** This node's candidacy. It owns the node's one session. */
export class Election {
  readonly #deps: ElectionDeps;
  readonly #keeper: SessionKeeper;
  /** Refusals in a row: of a session, or of the free lock. */
  #refusals = 0;

  constructor(deps: ElectionDeps) {
    this.#deps = deps;
    this.#keeper = new SessionKeeper(deps);
  }

  /**
   * One pass.
   *
   * @throws {ConsulError} when Consul is away: nothing is known then, and nothing has changed
   */
  async runCycle(signal: AbortSignal): Promise<Standing> {
    const { consul, node, switchover } = this.#deps;
    const options = { signal, timeoutMs: CALL_LIMIT_MS };
    const [session, leader] = await Promise.all([
      this.#keeper.read(options),
      consul.kv.get(LEADER, { ...options, consistent: true }),
    ]);
    const isOther = leader !== null && leader.session !== null && leader.session !== session?.id;
    const holder = isOther
      ? await consul.session.info(leader.session, { ...options, consistent: true })
      : null;
    const action = decide(session, leader, holder, node, switchover());
    switch (action.do) {
      case "open-session":
        return await this.#openSession(signal);
      case "acquire":
        return await this.#acquire(action.session, signal);
      case "lead":
        this.#refusals = 0;
        return { is: "leading", session: action.session };
      case "follow":
        this.#refusals = 0;
        return { is: "following", leader: action.leader };
      case "release-stray":
        await this.#keeper.closeOthers(signal);
        return {
          is: "waiting",
          why: `has released the lock of session ${action.session}, which was nobody's`,
          retryMs: 0,
        };
      case "await-release":
        return {
          is: "waiting",
          why: "the session that held the lock has just ended",
          retryMs: RETRY.maxMs,
        };
      case "step-down":
        return { is: "stepping-down", to: action.to };
      case "stand-aside":
        return {
          is: "waiting",
          why: `leaves leadership to ${action.to}, by order`,
          retryMs: RETRY.maxMs,
        };
    }
  }

  /**
   * Gives the lock up and stays a candidate.
   *
   * @throws {ConsulError} when Consul is away
   */
  async stepDown(signal: AbortSignal): Promise<void> {
    await this.#keeper.release(signal);
  }

  /**
   * Gives up the candidacy: the lock first, if it is held, because a released lock is free at once
   * while one of a destroyed session waits for the lock delay.
   *
   * @throws {ConsulError} when Consul is away; the session then ends with its check
   */
  async resign(signal: AbortSignal): Promise<void> {
    await this.#keeper.close(signal);
  }

  async #openSession(signal: AbortSignal): Promise<Standing> {
    try {
      const session = await this.#keeper.open(signal);
      this.#refusals = 0;
      const why = `has session ${session.id}, bound to ${
        [...session.nodeChecks, ...session.serviceChecks].join(", ")
      }`;
      return { is: "waiting", why, retryMs: 0 };
    } catch (error) {
      if (!(error instanceof CannotLeadYet)) throw error;
      const retryMs = this.#nextRetryMs();
      return { is: "waiting", why: `cannot be elected yet: ${error.message}`, retryMs };
    }
  }

  async #acquire(session: string, signal: AbortSignal): Promise<Standing> {
    const { consul, node, settings, random, endTerm } = this.#deps;
    await endTerm();
    try {
      const options = { signal, timeoutMs: CALL_LIMIT_MS };
      if (await consul.kv.acquire(LEADER, node, session, options)) {
        this.#refusals = 0;
        return { is: "leading", session };
      }
    } catch (error) {
      // The session ended since it was read: the next cycle finds it gone.
      const ended = error instanceof ConsulError && error.body?.includes("invalid session");
      if (!ended) throw error;
      return { is: "waiting", why: "its session has just ended", retryMs: this.#nextRetryMs() };
    }
    // The lock is free, yet refused: another was faster, which `leader` shows at once and ends the
    // wait; or the lock delay is in force.
    const why = "waits for the lock delay: nobody leads";
    if (this.#refusals === 0) {
      this.#refusals = 1;
      return { is: "waiting", why, retryMs: settings.lockDelayMs + random() * JITTER_MS };
    }
    return { is: "waiting", why, retryMs: this.#nextRetryMs() };
  }

  #nextRetryMs(): number {
    this.#refusals += 1;
    return backoffMs(this.#refusals, { ...RETRY, random: this.#deps.random });
  }
}
