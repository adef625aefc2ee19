/**
 * What is to be told over each link: in order, each state once, never faster than the other end
 * takes it, and never more waiting than there is room for.
 *
 * @module
 */

import { type LinkId, MAX_NOTES, type Note } from "../halink/mod.ts";
import { formatFid } from "../lib/fid.ts";

/** What an {@linkcode Outbox} stands on. */
export interface OutboxDeps {
  /** Sends one message of at most {@linkcode MAX_NOTES} notes. */
  readonly send: (link: LinkId, notes: readonly Note[]) => void;
  /** States that may wait for one link. {@default 20000} */
  readonly capacity?: number | undefined;
}

interface Lane {
  waiting: Note[];
  /** Messages that were sent and have not come to their end. */
  inFlight: number;
}

/** The library overruns a link beyond some thousand messages a second; it holds ten itself. */
const WINDOW = 8;
/** Twice what the broadcast queue holds at most. */
const CAPACITY = 20_000;

/** States that wait to be told, for each link. */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #lanes = new Map<LinkId, Lane>();
  #collapsed = 0;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** States that wait, for all links. */
  get length(): number {
    return [...this.#lanes.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** States that were never told, as a newer one of the same object waited already. */
  get collapsed(): number {
    return this.#collapsed;
  }

  /** Links there are. */
  get links(): readonly LinkId[] {
    return [...this.#lanes.keys()];
  }

  /** Messages that were sent over `link` and have not come to their end. */
  inFlight(link: LinkId): number {
    return this.#lanes.get(link)?.inFlight ?? 0;
  }

  /** Whether all that was to be told over `link` has come to its end. */
  isIdle(link: LinkId): boolean {
    const lane = this.#lanes.get(link);
    return lane === undefined || lane.waiting.length === 0 && lane.inFlight === 0;
  }

  /** A link is there. */
  open(link: LinkId): void {
    this.#lanes.set(link, { waiting: [], inFlight: 0 });
  }

  /** A link is there no more. */
  close(link: LinkId): void {
    this.#lanes.delete(link);
  }

  /**
   * Tells states over one link. Where too many wait, only the newest of each object is kept: what
   * the other end then misses is past.
   */
  tell(link: LinkId, notes: readonly Note[]): void {
    const lane = this.#lanes.get(link);
    if (lane === undefined) return;
    for (const note of notes) lane.waiting.push(note); // more than a call may have arguments
    if (lane.waiting.length > (this.#deps.capacity ?? CAPACITY)) {
      const newest = newestOfEach(lane.waiting);
      this.#collapsed += lane.waiting.length - newest.length;
      lane.waiting = newest;
    }
    this.#pump(link, lane);
  }

  /** A message past the outbox, such as an answer, was sent over `link`: it counts as well. */
  sentPast(link: LinkId): void {
    const lane = this.#lanes.get(link);
    if (lane !== undefined) lane.inFlight += 1;
  }

  /** A message came to its end: there is room for the next. */
  ended(link: LinkId): void {
    const lane = this.#lanes.get(link);
    if (lane === undefined) return;
    lane.inFlight -= 1;
    this.#pump(link, lane);
  }

  #pump(link: LinkId, lane: Lane): void {
    while (lane.waiting.length > 0 && lane.inFlight < WINDOW) {
      const batch = takeBatch(lane.waiting);
      lane.inFlight += 1; // before: the message may come to its end within `send`
      this.#deps.send(link, batch);
    }
  }
}

/** Takes what one message can tell: no object twice, so that order within it means nothing. */
function takeBatch(waiting: Note[]): readonly Note[] {
  const seen = new Set<string>();
  let count = 0;
  for (const { fid } of waiting) {
    const name = formatFid(fid);
    if (count === MAX_NOTES || seen.has(name)) break;
    seen.add(name);
    count += 1;
  }
  return waiting.splice(0, count);
}

/** The last note of each object, in the order of these. */
function newestOfEach(notes: readonly Note[]): Note[] {
  const newest = new Map<string, Note>();
  for (const note of notes) {
    const name = formatFid(note.fid);
    newest.delete(name);
    newest.set(name, note);
  }
  return [...newest.values()];
}
