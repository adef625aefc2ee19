/**
 * Problems of a term: `hare rc status` shows the latest one, and the log has each lasting one once.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { shown } from "./rejected.ts";

/** A problem, and its time. */
export interface Mishap {
  readonly at: Date;
  readonly what: string;
}

/** Problems that are remembered, so that each is logged once. */
const MAX_REMEMBERED = 100;

/** The problems of one term. */
export class Mishaps {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #logged = new Set<string>();
  #last: Mishap | null = null;

  constructor(deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** The latest problem. */
  get last(): Mishap | null {
    return this.#last;
  }

  /** Records a problem that is already in the log. */
  note(what: string): void {
    this.#last = { at: new Date(this.#clock.now()), what: shown(what) };
  }

  /** Records a problem that may repeat, and logs only its first occurrence. */
  report(problem: string): void {
    this.note(problem);
    if (this.#logged.has(problem)) return;
    const [oldest] = this.#logged;
    if (this.#logged.size === MAX_REMEMBERED && oldest !== undefined) this.#logged.delete(oldest);
    this.#logged.add(problem);
    this.#log.error("{problem}", { problem: shown(problem) });
  }
}
