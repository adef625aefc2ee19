/**
 * What went wrong in a term: the last of it for `hare rc status`, and what lasts once for the log.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { shown } from "./rejected.ts";

/** Something that went wrong, and when. */
export interface Mishap {
  readonly at: Date;
  readonly what: string;
}

/** Problems that are remembered, so that each is logged once. */
const MAX_REMEMBERED = 100;

/** The mishaps of one term. */
export class Mishaps {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #logged = new Set<string>();
  #last: Mishap | null = null;

  constructor(deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** The last one. */
  get last(): Mishap | null {
    return this.#last;
  }

  /** Takes note of what the log has already. */
  note(what: string): void {
    this.#last = { at: new Date(this.#clock.now()), what: shown(what) };
  }

  /** Takes note of a problem that may come again and again, and logs it the first time. */
  report(problem: string): void {
    this.note(problem);
    if (this.#logged.has(problem)) return;
    const [oldest] = this.#logged;
    if (this.#logged.size === MAX_REMEMBERED && oldest !== undefined) this.#logged.delete(oldest);
    this.#logged.add(problem);
    this.#log.error("{problem}", { problem: shown(problem) });
  }
}
