/**
 * A value in Consul's KV is input: what does not parse is reported with its key (spec: kv.md).
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { excerpt } from "../lib/excerpt.ts";

/** Where a value stands and what it is. A {@linkcode KvEntry} is one. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** The value of a key is not what Hare keeps there. */
export class KvValueError extends HareError {
  override readonly name = "KvValueError";
  readonly key: string;
  readonly value: string;

  /** @param why what is wrong with the value */
  constructor({ key, value }: KeyValue, why: string, hint?: string) {
    const shown = excerpt(value, 100);
    super(`key ${key} has value ${JSON.stringify(shown)}: ${why}`, { hint });
    this.key = key;
    this.value = value;
  }
}
