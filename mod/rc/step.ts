/**
 * The handling of one event as a step function: from what is known of it and what has just happened
 * to what is to be done next. Pure; `event_queue.ts` does it.
 *
 * A rule is asked, and what it answers is committed together with the removal of the event. When a
 * condition of the rule's own fails it is asked anew; when it fails it is asked again a few times;
 * then the event is moved aside, which is committed together with its removal as well. When Consul
 * refuses that, less of the event is kept; when it refuses the least, the event is left where it is.
 *
 * @module
 */

import { txn, type TxnOp } from "../consul/mod.ts";
import type { Counter } from "../kv/epoch_counter.ts";
import { BQ_PREFIX, EPOCH, eqRejectedKey, parseEpochKey } from "../kv/keys.ts";
import type { QueueEntry } from "./queue_reading.ts";
import { FORMS } from "./rejected.ts";
import type { Effects } from "./rules/rule.ts";
import { broadcastOps, GUARD, removal, REMOVAL_OPS } from "./transaction.ts";

/**
 * The outcome for an entry. `stale`: the entry had changed since it was read. `left`: it could be
 * neither handled nor dead-lettered; nothing was changed.
 */
export interface Result {
  readonly is: "handled" | "rejected" | "left" | "stale";
  readonly outcome: string;
}

/** How far the handling of an event has come: what is to be done next. */
export type State =
  | {
    /** Ask the rule. */
    readonly is: "asking";
    /** Tries before this one that failed. */
    readonly failures: number;
    /** Answers within this try that others were faster than. */
    readonly conflicts: number;
    /** Numbers below this one are taken in the broadcast queue. */
    readonly atLeast: number;
  }
  | {
    /** Commit what it answered. */
    readonly is: "committing";
    readonly failures: number;
    readonly conflicts: number;
    readonly atLeast: number;
    readonly effects: Effects;
  }
  | {
    /** Commit that the event is moved aside, to `epoch`. */
    readonly is: "rejecting";
    readonly reason: string;
    readonly conflicts: number;
    /** Form of the dead letter: an index in `FORMS`. */
    readonly form: number;
    readonly epoch: number;
    /** The counter, where it must give the number; it was read as this. */
    readonly counter: Counter | null;
  }
  | {
    /** Find a number: an earlier dead letter has the event's own number. */
    readonly is: "counting";
    readonly reason: string;
    readonly conflicts: number;
    readonly form: number;
    readonly atLeast: number;
  }
  | { readonly is: "done"; readonly result: Result };

/** What has happened. */
export type Input =
  | { readonly is: "answered"; readonly effects: Effects }
  | {
    /** The rule failed; `forGood` when asking again is no use. */
    readonly is: "failed";
    readonly reason: string;
    readonly forGood: boolean;
  }
  | {
    /** A number without a dead letter was found. */
    readonly is: "counted";
    readonly epoch: number;
    /** The counter as it was read, if it must be raised to that number. */
    readonly counter: Counter | null;
  }
  | { readonly is: "committed" }
  | {
    /** Conditions failed, by their place among {@linkcode writeOf}'s; nothing was changed. */
    readonly is: "refused";
    readonly errors: readonly { readonly index: number; readonly what: string }[];
  };

/** Tries that a rule has before its event is moved aside. */
export const TRIES = 5;
/** Times that a rule is asked anew because others changed what it had read, within one try. */
export const MAX_CONFLICTS = 100;

/** How the handling of an event begins. */
export const BEGIN: State = { is: "asking", failures: 0, conflicts: 0, atLeast: 0 };

function moveAside(entry: QueueEntry, reason: string): State & { readonly is: "rejecting" } {
  return { is: "rejecting", reason, conflicts: 0, form: 0, epoch: entry.epoch, counter: null };
}

/** What {@linkcode writeOf} needs besides. */
export interface Besides {
  /** Operations without conditions that the same transaction makes. */
  readonly ops: readonly TxnOp[];
  /** The counter as it was read; needed where there are broadcasts. */
  readonly counter: Counter;
  /** The dead letter of an event. */
  readonly letter: string;
}

/** What `state` commits. */
export function writeOf(entry: QueueEntry, state: Writing, besides: Besides): readonly TxnOp[] {
  const first = [...GUARD, ...removal(entry), ...besides.ops];
  if (state.is === "committing") {
    const { ops, broadcasts = [] } = state.effects;
    const numbers = { counter: besides.counter, atLeast: state.atLeast };
    return [...first, ...ops, ...broadcastOps(broadcasts, numbers)];
  }
  const { counter, epoch } = state;
  return [
    ...first,
    ...(counter === null ? [] : [txn.cas(EPOCH, String(epoch), counter.modifyIndex)]),
    txn.cas(eqRejectedKey(epoch), besides.letter, 0),
  ];
}

/** What `state` comes to if it is committed. */
export function resultOf(
  state: Writing,
): { readonly is: "handled" | "rejected"; readonly outcome: string } {
  return state.is === "committing"
    ? { is: "handled", outcome: state.effects.outcome }
    : { is: "rejected", outcome: `moved to ${eqRejectedKey(state.epoch)}: ${state.reason}` };
}

const STALE: Result = {
  is: "stale",
  outcome: "is not what it was when it was read: gone, or changed",
};

/**
 * The next state.
 *
 * @param ops what was committed, or refused, where that is what has happened
 */
export function step(
  entry: QueueEntry,
  state: State,
  input: Input,
  ops: readonly TxnOp[] = [],
): State {
  switch (input.is) {
    case "committed":
      return isWriting(state) ? { is: "done", result: resultOf(state) } : state;
    case "refused":
      return isWriting(state) ? refused(entry, state, input.errors, ops) : state;
    case "answered":
      return state.is === "asking" ? { ...state, is: "committing", effects: input.effects } : state;
    case "failed":
      if (state.is === "done") return state;
      return state.is === "asking" || state.is === "committing"
        ? failed(entry, state, input.reason, input.forGood)
        : keptLess(entry, state, input.reason);
    case "counted":
      return state.is === "counting" ? counted(state, input) : state;
  }
}

/** A state that commits something next. */
export type Writing = State & { readonly is: "committing" | "rejecting" };

function isWriting(state: State): state is Writing {
  return state.is === "committing" || state.is === "rejecting";
}

function failed(
  entry: QueueEntry,
  { failures, atLeast }: State & { readonly is: "asking" | "committing" },
  reason: string,
  forGood: boolean,
): State {
  if (forGood) return moveAside(entry, reason);
  if (failures + 1 === TRIES) {
    return moveAside(entry, `its rule failed ${TRIES} times: ${reason}`);
  }
  return { is: "asking", failures: failures + 1, conflicts: 0, atLeast };
}

/** The attempt to dead-letter the event has failed. */
function keptLess(
  entry: QueueEntry,
  { reason, form }: State & { readonly is: "rejecting" | "counting" },
  why: string,
): State {
  if (form + 1 < FORMS.length) return { ...moveAside(entry, reason), form: form + 1 };
  return {
    is: "done",
    result: { is: "left", outcome: `is left: ${reason}; and it cannot be moved aside: ${why}` },
  };
}

function counted(
  { reason, conflicts, form }: State & { readonly is: "counting" },
  { epoch, counter }: Input & { readonly is: "counted" },
): State {
  return { is: "rejecting", reason, conflicts, form, epoch, counter };
}

function refused(
  entry: QueueEntry,
  state: Writing,
  errors: readonly { readonly index: number; readonly what: string }[],
  ops: readonly TxnOp[],
): State {
  const places = errors.map(({ index }) => index);
  if (places.some((place) => place >= GUARD.length && place < GUARD.length + REMOVAL_OPS)) {
    return { is: "done", result: STALE };
  }
  const paused = places.some((place) => place < GUARD.length);
  const conflicts = state.conflicts + 1;
  if (state.is === "rejecting") {
    if (paused) return state;
    // An entry of the same number, typed by hand, was moved aside before: both are kept.
    const atLeast = state.counter === null ? 0 : state.epoch + 1;
    return { is: "counting", reason: state.reason, conflicts, form: state.form, atLeast };
  }
  const { failures, atLeast } = state;
  // The rule will be asked when events are handled again; its answer was not at fault.
  if (paused) return { is: "asking", failures, conflicts: state.conflicts, atLeast };
  if (conflicts === MAX_CONFLICTS) {
    const why = errors.map(({ what }) => what).join("; ");
    return failed(entry, state, `others always changed first: ${why}`, false);
  }
  const taken = places.map((place) => parseEpochKey(BQ_PREFIX, ops[place]?.key ?? "") ?? -1);
  return { is: "asking", failures, conflicts, atLeast: Math.max(atLeast, ...taken.map(next)) };
}

function next(number: number): number {
  return number + 1;
}
