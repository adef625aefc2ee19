/**
 * The facts for cfgen, out of the answers of a preflight: hosts need not be asked twice.
 *
 * @module
 */

import type { Facts, HostFacts } from "../../cfgen/mod.ts";
import { FactsError } from "../facts/mod.ts";
import type { Found } from "./answer.ts";
import type { HostReport } from "./ask.ts";

/**
 * The facts of all hosts.
 *
 * @throws {FactsError} with everything that keeps them from being had, each line with its host
 */
export function factsFrom(reports: readonly HostReport[]): Facts {
  const hosts: [name: string, facts: HostFacts][] = [];
  const problems: string[] = [];
  for (const { host, outcome } of reports) {
    const found = factsIn(outcome);
    if ("problems" in found) problems.push(...found.problems.map((one) => `${host}: ${one}`));
    else hosts.push([host, found.value]);
  }
  const failed = reports.length - hosts.length;
  if (failed === 0) return { hosts: Object.fromEntries(hosts) };
  throw new FactsError(problems, `no facts from ${failed} of ${reports.length} hosts`);
}

function factsIn(outcome: HostReport["outcome"]): Found<HostFacts> {
  if (outcome.kind === "failed") return { problems: [outcome.message] };
  const { facts, disks } = outcome.answer;
  if ("value" in facts && "value" in disks) {
    return { value: { facts: facts.value, disks: disks.value } };
  }
  return { problems: [facts, disks].flatMap((one) => "problems" in one ? one.problems : []) };
}
