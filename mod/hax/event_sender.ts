/**
 * Putting events on the event queue, in order, however long Consul is away: they wait in a bounded
 * queue, and who offers one that does not fit knows it. Those whose answer was lost are put again.
 *
 * @module
 */

import { MAX_ENTRIES } from "../kv/enqueue.ts";
import { formatEvent, type HareEvent } from "../kv/event.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { type TurnDeps, writeInTurn } from "./write_in_turn.ts";

/** What an {@linkcode EventSender} stands on. */
export interface EventSenderDeps extends TurnDeps {
  /** Puts the first of these events on the queue in one transaction, and returns how many. */
  readonly put: (events: readonly string[], signal: AbortSignal) => Promise<number>;
  /** Events that may wait. {@default 4096} */
  readonly capacity?: number | undefined;
}

/** A node with 20 processes of 8 services each tells some 700 of them at a start. */
const CAPACITY = 4096;

/** Puts events on the event queue. */
export class EventSender {
  readonly #deps: EventSenderDeps;
  readonly #queue: BoundedQueue<HareEvent>;

  constructor(deps: EventSenderDeps) {
    this.#deps = deps;
    this.#queue = new BoundedQueue(deps.capacity ?? CAPACITY);
  }

  /** Events that wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Takes an event, unless the queue is full: then `false`. */
  offer(event: HareEvent): boolean {
    return this.#queue.offer(event);
  }

  /** Takes no more; {@linkcode EventSender.run} ends when what it has is sent. */
  close(): void {
    this.#queue.close();
  }

  /**
   * Sends until it is closed.
   *
   * @throws the signal's reason when `signal` is aborted before
   */
  async run(signal: AbortSignal): Promise<void> {
    const put = (waiting: readonly HareEvent[]) =>
      this.#deps.put(waiting.slice(0, MAX_ENTRIES).map(formatEvent), signal);
    await writeInTurn(this.#queue, "events", put, this.#deps, signal);
  }
}
