/**
 * `tmo…`: a timeout fired. As users of the original know it from its demonstration, another is set
 * for a minute later, named after Consul's index.
 *
 * @module
 */

import { txn } from "../../consul/mod.ts";
import { addEvent, timeoutKeyFor } from "../timeouts.ts";
import type { Rule } from "./rule.ts";

const AGAIN_AFTER_MS = 60_000;

/** The rule for all types that begin with `tmo`. */
export const tmo: Rule = {
  type: "tmo",
  prefix: true,
  async handle(event, { consul, now }) {
    const key = timeoutKeyFor(now + AGAIN_AFTER_MS);
    const next = `tmo${event.index}`;
    const entry = await consul.kv.get(key);
    return {
      ops: [txn.cas(key, addEvent(entry?.value ?? "", next), entry?.modifyIndex ?? 0)],
      outcome: `set ${next} at ${key}`,
    };
  },
};
