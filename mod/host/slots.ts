/**
 * A number of places that is not exceeded: who finds none waits, first come, first served.
 *
 * @module
 */

/** Places for so many at a time. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count how many may be taken at a time */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a place.
   *
   * @returns what gives it back when disposed of
   * @throws the signal's reason when it is aborted before there is one
   *
   * @example
   * ```ts
   * import { Slots } from "./slots.ts";
   *
   * const slots = new Slots(1);
   * const order: string[] = [];
   * const use = async (who: string) => {
   *   using _slot = await slots.take();
   *   order.push(who);
   *   await Promise.resolve();
   *   order.push(who);
   * };
   * await Promise.all([use("a"), use("b")]);
   * if (order.join("") !== "aabb") throw new Error(order.join(""));
   * ```
   */
  async take(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return { [Symbol.dispose]: () => this.#giveBack() };
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(take);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** A place goes straight to the one who waits longest. */
  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
