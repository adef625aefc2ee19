/**
 * One term of leadership: the leader's loops, from the election to the end.
 *
 * @module
 */

import { formatDuration } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { EventQueue } from "./event_queue.ts";
import { type LeaderDeps, Leadership, LeadershipOver } from "./leadership.ts";
import type { Rule } from "./rules/mod.ts";
import { Timer } from "./timer.ts";

/** What a {@linkcode Term} stands on. */
export interface TermDeps extends LeaderDeps {
  readonly rules: readonly Rule[];
  readonly log: Logger;
  /** Is told that the term is over for a reason of its own: a refused write, or a failure. */
  readonly onOver: () => void;
}

/** A term; it runs from its making until it is over. */
export class Term {
  /** The session that holds the lock. */
  readonly session: string;
  readonly #leadership: Leadership;
  readonly #deps: TermDeps;
  readonly #queue: EventQueue;
  readonly #began: number;
  readonly #loops: Promise<void[]>;

  constructor(session: string, deps: TermDeps) {
    const leadership = new Leadership(session, deps);
    const timer = new Timer({ ...deps, leadership });
    const queue = new EventQueue({ ...deps, leadership, lookAtTimeouts: () => timer.look() });
    this.session = session;
    this.#leadership = leadership;
    this.#deps = deps;
    this.#queue = queue;
    this.#began = deps.clock.now();
    leadership.signal.addEventListener("abort", deps.onOver, { once: true });
    // A loop that fails ends the others; the one reason there is stands in the signal.
    this.#loops = Promise.all(
      [queue.run(), timer.watch(), timer.run()]
        .map((loop: Promise<void>) => loop.catch((error) => leadership.end(error))),
    );
  }

  /** Whether it is over, for whatever reason. */
  get isOver(): boolean {
    return this.#leadership.signal.aborted;
  }

  /**
   * Ends the term, for `reason` unless it is over already, and waits until the event in hand is
   * finished.
   *
   * @throws what ended the term, if that was a failure
   */
  async end(reason: string): Promise<void> {
    const { clock, log } = this.#deps;
    this.#leadership.end(new LeadershipOver(reason));
    await this.#loops;
    const why: unknown = this.#leadership.signal.reason;
    if (!(why instanceof LeadershipOver)) throw why;
    log.info("leads no longer, after {time} with {summary}: {why}", {
      time: formatDuration(clock.now() - this.#began),
      summary: this.#queue.summary,
      why: why.message,
    });
  }
}
