/**
 * A queue with a limit: what does not fit is refused, and the caller knows.
 *
 * @module
 */

/** First in, first out, at most {@linkcode BoundedQueue.capacity} items. */
export class BoundedQueue<T extends object> {
  readonly #items: T[] = [];
  #closed = false;
  #wake: () => void = () => {};

  /** @param capacity how many items may wait, the one in hand included */
  constructor(readonly capacity: number) {}

  /** How many items wait, the one in hand included. */
  get length(): number {
    return this.#items.length;
  }

  /** Adds `item`, unless the queue is full or closed: then `false`. */
  offer(item: T): boolean {
    if (this.#closed || this.#items.length >= this.capacity) return false;
    this.#items.push(item);
    this.#wake();
    return true;
  }

  /** Takes no more items; what waits is still served. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /**
   * Hands every item to `handle`, the oldest first, one at a time, until the queue is closed and
   * empty. An item counts as waiting until `handle` is done with it.
   *
   * @throws what `handle` throws; the item stays
   */
  async serve(handle: (item: T) => Promise<void>): Promise<void> {
    for (let item; (item = await this.#oldest()) !== undefined;) {
      await handle(item);
      this.#items.shift();
    }
  }

  /**
   * As {@linkcode BoundedQueue.serve}, with all that waits, and what comes while `handle` works.
   *
   * @param handle returns how many it is done with, the oldest; it is called again with the others
   */
  async serveTogether(handle: (waiting: readonly T[]) => Promise<number>): Promise<void> {
    while (await this.#oldest() !== undefined) {
      const done = await handle(this.#items);
      this.#items.splice(0, done);
    }
  }

  /** Waits for an item; `undefined` once the queue is closed and empty. */
  async #oldest(): Promise<T | undefined> {
    while (this.#items.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#items[0];
  }
}
