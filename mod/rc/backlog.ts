/**
 * What waits in the event queue, and for how long, as far as the leader has read it.
 *
 * @module
 */

import type { KvEntry } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { type QueueEntry, readQueue } from "./queue_reading.ts";

/** Time of the first sighting of an event. */
interface Seen {
  /** For people. */
  readonly since: Date;
  /** The same moment on the monotonic clock, for its age. */
  readonly seenAt: number;
}

/** The next event, and the time of its first sighting. */
export interface Oldest extends Seen {
  readonly key: string;
}

/** Keeps track of the entries that are not done with. Consul does not tell their age. */
export class Backlog {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** When each was first seen, in their order. */
  #waiting = new Map<string, Seen>();
  /** Index of each entry that is done with, and may still be in what is read: that may be old. */
  #done = new Map<string, number>();
  /** Reported, and not to be reported again. */
  #misnamed: readonly string[] = [];

  constructor(deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.size;
  }

  /** The one that is next, if one waits. */
  get oldest(): Oldest | null {
    for (const [key, seen] of this.#waiting) return { key, ...seen };
    return null;
  }

  /** Takes note of a reading, and returns the entries in it that are not done with, in their order. */
  see(found: readonly KvEntry[]): readonly QueueEntry[] {
    const { entries: all, misnamed } = readQueue(found);
    const isDone = ({ key, index }: QueueEntry) => this.#done.get(key) === index;
    const entries = all.filter((entry) => !isDone(entry));
    this.#done = new Map(all.filter(isDone).map(({ key, index }) => [key, index]));
    const now = { since: new Date(this.#clock.now()), seenAt: this.#clock.monotonic() };
    this.#waiting = new Map(entries.map(({ key }) => [key, this.#waiting.get(key) ?? now]));
    for (const key of misnamed) {
      if (this.#misnamed.includes(key)) continue;
      this.#log.warn("{key} is left: it is no number, as an event's key must be", { key });
    }
    this.#misnamed = misnamed;
    return entries;
  }

  /** Takes note that an entry is done with. */
  done({ key, index }: QueueEntry): void {
    this.#waiting.delete(key);
    this.#done.set(key, index);
  }
}
