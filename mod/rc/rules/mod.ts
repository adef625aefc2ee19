/**
 * The table of rules. To add a rule, write it in a file of its own and enter it here. (A site adds
 * rules without a new binary: see `site.ts`.)
 *
 * @module
 */

import { driveRule } from "./drive.ts";
import { ioErrorRule } from "./io_error.ts";
import { processRule } from "./process.ts";
import { rebalanceRule, repairRule } from "./repair.ts";
import type { Rule, Rulebook } from "./rule.ts";
import { serviceRule } from "./service.ts";
import { tmo } from "./tmo.ts";
import { wakeRc } from "./wake_rc.ts";

export {
  type Effects,
  type Event,
  type Rule,
  type Rulebook,
  type RuleContext,
  UnusableEvent,
} from "./rule.ts";
export { type SiteRulesDeps, withSiteRules } from "./site.ts";

/** The rules that are built in. */
export const RULES: readonly Rule[] = [
  wakeRc,
  tmo,
  processRule,
  serviceRule,
  driveRule,
  repairRule,
  rebalanceRule,
  ioErrorRule,
];

/** The rule for events of `type`: the one of exactly this type, else the one of its beginning. */
export function findRule(rules: readonly Rule[], type: string): Rule | undefined {
  return rules.find((rule) => rule.type === type) ??
    rules.find((rule) => rule.prefix === true && type.startsWith(rule.type));
}

/** A book with these rules and no others. */
export function bookOf(rules: readonly Rule[]): Rulebook {
  return (type) => Promise.resolve(findRule(rules, type));
}
