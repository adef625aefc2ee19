/**
 * The one session of this node that a leader's lock is held with.
 *
 * It is bound to three checks, never to fewer, so that it ends with whatever the leader needs: its
 * node (`serfHealth`), its own process (the check of service `hare-rc`), and the node's confd,
 * because the principal RM lives in it. Which confd that is comes from the configuration in KV, not
 * from what the catalog happens to list.
 *
 * @module
 */

import { type CallOptions, type Consul, ConsulError, type SessionInfo } from "../consul/mod.ts";
import { layoutOf, roleOf } from "../kv/cluster.ts";
import { LEADER, nodePrefix } from "../kv/keys.ts";
import { HareError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { RC_CHECK } from "./presence.ts";
import type { Settings } from "./settings.ts";

/** Name of the coordinators' sessions. */
export const SESSION_NAME = "hare-rc";

const NODE_CHECKS = ["serfHealth"] as const;

/** This node cannot have the session that it needs yet; the message says what is missing. */
export class CannotLeadYet extends HareError {
  override readonly name = "CannotLeadYet";
}

/** What a {@linkcode SessionKeeper} stands on. */
export interface SessionDeps {
  readonly consul: Consul;
  /** This node's name in Consul. */
  readonly node: string;
  readonly settings: Settings;
  readonly log: Logger;
  /**
   * Verifies that this process is the node's coordinator, so that no process uses the node's other
   * sessions.
   *
   * @throws {OtherCoordinator} when another process is
   */
  readonly checkOwn: (signal: AbortSignal) => Promise<void>;
}

/** Owns this node's session: opens it, reads it anew, closes it, and lets none leak. */
export class SessionKeeper {
  readonly #deps: SessionDeps;
  #id: string | null = null;
  /**
   * Whether there may be sessions of this node that nobody owns: those of a predecessor that was
   * killed, whose check this process would keep passing, and those whose making was not answered.
   */
  #strays = true;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** The session as Consul has it now, or `null` when there is none (any more). */
  async read(options: CallOptions): Promise<SessionInfo | null> {
    if (this.#id === null) return null;
    const { session: sessions } = this.#deps.consul;
    const session = await sessions.info(this.#id, { ...options, consistent: true });
    if (session === null) this.#id = null;
    return session;
  }

  /**
   * Opens a session that is bound to all checks that it needs.
   *
   * @throws {CannotLeadYet} when one of them is missing or critical
   */
  async open(signal: AbortSignal): Promise<SessionInfo> {
    await this.#deps.checkOwn(signal);
    if (this.#strays) await this.#closeStrays(signal);
    const { consul } = this.#deps;
    const serviceChecks = [RC_CHECK, ...await this.#confdChecks(signal)];
    this.#strays = true; // until the new session is known, or known not to have been made
    const id = await this.#create(serviceChecks, signal);
    const session = await consul.session.info(id, { signal, consistent: true });
    if (session === null) throw new CannotLeadYet("a new session ended at once");
    const missing = [
      ...NODE_CHECKS.filter((check) => !session.nodeChecks.includes(check)),
      ...serviceChecks.filter((check) => !session.serviceChecks.includes(check)),
    ];
    if (missing.length > 0) throw new CannotLeadYet(`a session lacks ${missing.join(", ")}`);
    this.#strays = false;
    this.#id = id;
    return session;
  }

  /** Releases the lock, if this session holds it; the session goes on. */
  async release(signal: AbortSignal): Promise<void> {
    if (this.#id !== null) await this.#release(this.#id, signal);
  }

  /** Releases the lock, if this session holds it, and then ends the session. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#id !== null) await this.#discard(this.#id, signal);
    this.#id = null;
    if (!this.#strays) return;
    await this.#deps.checkOwn(signal);
    await this.#closeStrays(signal);
  }

  /** Ends all sessions of this node's coordinators except the session of this process. */
  async closeOthers(signal: AbortSignal): Promise<void> {
    await this.#deps.checkOwn(signal);
    await this.#closeStrays(signal);
  }

  async #create(serviceChecks: readonly string[], signal: AbortSignal): Promise<string> {
    const { consul, settings } = this.#deps;
    const name = SESSION_NAME;
    const lockDelay = `${settings.lockDelayMs}ms`;
    try {
      return await consul.session.create(
        { name, lockDelay, nodeChecks: NODE_CHECKS, serviceChecks },
        { signal },
      );
    } catch (error) {
      const [refusal] = REFUSAL.exec(error instanceof ConsulError ? error.body ?? "" : "") ?? [];
      if (refusal === undefined) throw error;
      this.#strays = false;
      throw new CannotLeadYet(refusal, { cause: error });
    }
  }

  async #confdChecks(signal: AbortSignal): Promise<string[]> {
    const { consul, node } = this.#deps;
    const entries = await consul.kv.list(nodePrefix(node), { signal });
    const { processes, unreadable = [] } = layoutOf(entries);
    const confds = processes.filter((process) => roleOf(process) === "confd");
    if (confds.length > 0) return confds.map(({ fidk }) => `service:${fidk}`);
    const why = unreadable.map(({ error }) => `; ${error.message}`).join("");
    throw new CannotLeadYet(`the configuration has no confd on ${node}${why}`);
  }

  async #closeStrays(signal: AbortSignal): Promise<void> {
    const { consul, node } = this.#deps;
    const sessions = await consul.session.listNode(node, { signal, consistent: true });
    for (const { id, name } of sessions) {
      if (name !== SESSION_NAME || id === this.#id) continue;
      await this.#discard(id, signal);
      this.#deps.log.info("ended session {id} of this node, which nobody owned", { id });
    }
    this.#strays = false;
  }

  async #discard(session: string, signal: AbortSignal): Promise<void> {
    await this.#release(session, signal);
    await this.#deps.consul.session.destroy(session, { signal });
  }

  async #release(session: string, signal: AbortSignal): Promise<void> {
    const { consul } = this.#deps;
    const leader = await consul.kv.get(LEADER, { signal, consistent: true });
    if (leader?.session === session) await consul.kv.release(LEADER, session, { signal });
  }
}

/** Consul's answer to a session whose checks, or whose node, it does not know or finds critical. */
const REFUSAL = /Missing (?:check|node).*|Check '.*' is in .* state/;
