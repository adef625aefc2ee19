/**
 * The table of rules. To add a rule, write it in a file of its own and enter it here.
 *
 * @module
 */

import { processRule } from "./process.ts";
import type { Rule } from "./rule.ts";
import { tmo } from "./tmo.ts";
import { wakeRc } from "./wake_rc.ts";

export { type Effects, type Event, type Rule, type RuleContext, UnusableEvent } from "./rule.ts";

/** The rules that are built in. */
export const RULES: readonly Rule[] = [wakeRc, tmo, processRule];

/** The rule for events of `type`: the one of exactly this type, else the one of its beginning. */
export function findRule(rules: readonly Rule[], type: string): Rule | undefined {
  return rules.find((rule) => rule.type === type) ??
    rules.find((rule) => rule.prefix === true && type.startsWith(rule.type));
}
