/**
 * Committing several events in one transaction, where their rules allow that.
 *
 * What is told to all needs a number, and producers count at the same counter: a commit that finds
 * it moved on is refused. Beside busy producers a leader that counts for each commit falls behind,
 * and more so the longer its queue is. So with the first commit of a reading it takes numbers for
 * all of the reading. They are used in their order, and before any newer one: only the leader puts
 * entries on the broadcast queue, and the fence keeps out what a former leader had taken.
 *
 * @module
 */

import { EPOCH } from "../kv/keys.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { History } from "./history.ts";
import { endsTerm } from "./leadership.ts";
import type { Numbering } from "./numbering.ts";
import { type QuestionDeps, questionIn } from "./question.ts";
import type { QueueEntry } from "./queue_reading.ts";
import { shown } from "./rejected.ts";
import type { Result } from "./step.ts";
import {
  type Answered,
  broadcastsOf,
  fitTogether,
  NO_RESERVE,
  type Numbers,
  type Reserve,
  reserveAfter,
  writeTogether,
} from "./transaction.ts";

/** What {@linkcode Together} stands on. */
export interface TogetherDeps extends QuestionDeps {
  readonly clock: Clock;
  readonly history: History;
  readonly numbering: Numbering;
}

/** An event that is done with. */
export interface Done {
  readonly entry: QueueEntry;
  /** The type of its rule. */
  readonly type: string;
  readonly result: Result;
  /** Milliseconds that it took, with those that were committed with it. */
  readonly ms: number;
}

/** An event whose rule has answered, and the rule's type. */
interface Typed extends Answered {
  readonly type: string;
}

/** Times that the counter is read for one commit. */
const MAX_COUNTS = 20;

/** Commits events several at a time. */
export class Together {
  readonly #deps: TogetherDeps;
  #reserve: Reserve = NO_RESERVE;

  constructor(deps: TogetherDeps) {
    this.#deps = deps;
  }

  /** Forgets the numbers in reserve: newer ones will be used, or a newer reading begins. */
  dropReserve(): void {
    this.#reserve = NO_RESERVE;
  }

  /**
   * Commits the first of `entries` together.
   *
   * @returns those that are done with; none where it is not possible, and nothing was changed
   * @throws the reason of the end of leadership
   */
  async commit(entries: readonly QueueEntry[]): Promise<readonly Done[]> {
    const { clock } = this.#deps;
    if (entries.length < 2) return [];
    const began = clock.monotonic();
    const answered = await this.#ask(entries);
    const left = entries.length - answered.length;
    if (answered.length < 2 || !await this.#write(answered, left, began)) return [];
    const ms = clock.monotonic() - began;
    return answered.map(({ entry, type, effects: { outcome } }) => ({
      ...{ entry, type, ms },
      result: { is: "handled", outcome },
    }));
  }

  /** The answers for the first of `entries`, for as long as they can be committed together. */
  async #ask(entries: readonly QueueEntry[]): Promise<readonly Typed[]> {
    const answered: Typed[] = [];
    for (const entry of entries) {
      const question = await questionIn(entry, this.#deps);
      if (!question.independent) break;
      const answer = await question.ask();
      if (answer.is === "failed" || !fitTogether([...answered, { entry, ...answer }])) break;
      answered.push({ entry, effects: answer.effects, type: question.type });
    }
    return answered;
  }

  /**
   * Commits them, again where only the counter had moved on. What else is not as it had been read,
   * or cannot be done, is found one at a time.
   *
   * @param left how many entries of the reading come after these
   */
  async #write(answered: readonly Typed[], left: number, began: number): Promise<boolean> {
    const { clock, history, leadership, log } = this.#deps;
    const told = broadcastsOf(answered).length;
    const ms = clock.monotonic() - began;
    const addition = history.add(answered.map(({ entry: { key, epoch, text }, effects }) => ({
      ...{ key, epoch, text, ms },
      result: "handled",
      outcome: effects.outcome,
    })));
    try {
      for (let tries = 0; tries < MAX_COUNTS; tries++) {
        const numbers = await this.#numbers(told, left);
        const ops = writeTogether(answered, addition.ops, numbers);
        const written = await leadership.write(ops);
        if (written.committed) {
          addition.committed();
          this.#deps.numbering.committed(ops);
          if (told > 0) this.#reserve = reserveAfter(numbers, ops, told);
          return true;
        }
        if (written.errors.some(({ index }) => ops[index]?.key !== EPOCH)) return false;
      }
    } catch (error) {
      if (endsTerm(error, leadership.signal)) throw error;
      // The events are then handled one at a time, to find the faulty one.
      log.debug("{n} events cannot be committed together: {why}", {
        n: answered.length,
        why: shown(messageOf(error)),
      });
    }
    return false;
  }

  async #numbers(count: number, ahead: number): Promise<Numbers> {
    const { next, end } = this.#reserve;
    if (next + count <= end) return this.#reserve;
    return { counter: await this.#deps.numbering.read(), ahead };
  }
}
