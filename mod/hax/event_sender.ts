/**
 * Putting events on the event queue, in order, however long Consul is away: they wait in a bounded
 * queue, and who offers one that does not fit knows it.
 *
 * @module
 */

import { formatEvent, type HareEvent } from "../kv/event.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { BoundedQueue } from "./bounded_queue.ts";

/** What an {@linkcode EventSender} stands on. */
export interface EventSenderDeps {
  /** Puts an event on the queue. */
  readonly put: (event: string, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Events that may wait. {@default 4096} */
  readonly capacity?: number | undefined;
}

const RETRY = { baseMs: 100, maxMs: 1_000 };
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
    await this.#queue.serve((event) => this.#send(formatEvent(event), signal));
  }

  async #send(text: string, signal: AbortSignal): Promise<void> {
    const { put, clock, random, log } = this.#deps;
    for (let failures = 0;;) {
      try {
        await put(text, signal);
        return;
      } catch (error) {
        if (!(error instanceof HareError) || signal.aborted) throw error;
        failures += 1;
        const level = failures === 1 ? "warn" : "debug";
        log[level]("{event} is not queued yet: {error}", { event: text, error: error.message });
      }
      await clock.sleep(backoffMs(failures, { ...RETRY, random }), signal);
    }
  }
}
