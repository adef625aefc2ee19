/**
 * `wake_RC`: there is nothing to do but to look at the timeouts. Operators send it.
 *
 * @module
 */

import type { Rule } from "./rule.ts";

/** The rule for `wake_RC`. */
export const wakeRc: Rule = {
  type: "wake_RC",
  independent: true,
  handle(_event, { lookAtTimeouts }) {
    lookAtTimeouts();
    return { ops: [], outcome: "looks at the timeouts" };
  },
};
