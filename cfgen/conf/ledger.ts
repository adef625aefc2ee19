/**
 * Keeps the objects of a configuration and gives them their keys, in order of creation.
 *
 * @module
 */

import type { ConfObject } from "./objects.ts";

/** The objects so far. Key 0 is kept for the root, which is made last. */
export class Ledger {
  readonly #objects: ConfObject[] = [];

  /** Makes an object with the next key. */
  add<T extends ConfObject>(make: (key: number) => T): T {
    const object = make(this.#objects.length + 1);
    this.#objects.push(object);
    return object;
  }

  /** All objects, each at the index of its key. */
  close<T extends ConfObject>(makeRoot: (key: number) => T): [root: T, objects: ConfObject[]] {
    const root = makeRoot(0);
    return [root, [root, ...this.#objects]];
  }
}
