/**
 * What a rule is: the leader's answer to one type of event.
 *
 * @module
 */

import type { TxnOp } from "../../consul/mod.ts";
import type { Broadcast } from "../../kv/broadcast.ts";
import type { Json } from "../../kv/event.ts";
import { HareError } from "../../lib/errors.ts";
import { type LeaderConsul, MAX_WRITE_OPS } from "../leadership.ts";

/** An event that is being handled. */
export interface Event {
  /** Its key in the queue. */
  readonly key: string;
  /** Its number. */
  readonly epoch: number;
  /** Consul's index at which it was put into the queue. */
  readonly index: number;
  readonly type: string;
  /** The JSON that follows the type, if any does. */
  readonly body: Json | undefined;
}

/** What a rule may use. It reads; its writes are the {@linkcode Effects} that it returns. */
export interface RuleContext {
  readonly consul: LeaderConsul;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Has the timeouts looked at anew. */
  readonly lookAtTimeouts: () => void;
}

/** What an event comes to. */
export interface Effects {
  /**
   * Changes in KV, committed together with the removal of the event: at most
   * {@linkcode MAX_EFFECTS}. When one of their conditions fails the rule is asked again.
   */
  readonly ops: readonly TxnOp[];
  /** States that every hax is to be told, in this order: each counts for two of {@linkcode MAX_EFFECTS}. */
  readonly broadcasts?: readonly Broadcast[];
  /** What was done, for the log. */
  readonly outcome: string;
}

/**
 * Operations that an event may have as its effects; each broadcast counts for two. Its removal, its
 * record and the counter need the others.
 */
export const MAX_EFFECTS = MAX_WRITE_OPS - 6;

/**
 * A rule.
 *
 * What it does outside Consul must be idempotent, and done when it returns: it may be asked again
 * for the same event, by this leader or by the next.
 */
export interface Rule {
  /** The events' type. */
  readonly type: string;
  /** Whether events of all types that begin with `type` are meant. {@default false} */
  readonly prefix?: boolean;
  /**
   * Whether it reads nothing that the effects of events change, and does nothing outside Consul.
   * Events of such rules are committed several at a time. {@default false}
   */
  readonly independent?: boolean;
  /** Why the site's rule for these events does not run. */
  readonly problem?: string | undefined;
  /**
   * Handles one event.
   *
   * @throws {UnusableEvent} when the event can never be handled
   * @throws anything else for a failure; the rule is then asked again a few times
   */
  handle(event: Event, context: RuleContext): Promise<Effects> | Effects;
}

/** Finds the rule for a type of events, as things are now. */
export type Rulebook = (type: string) => Promise<Rule | undefined>;

/** An event that no rule will ever handle; the message says why. */
export class UnusableEvent extends HareError {
  override readonly name = "UnusableEvent";
}
