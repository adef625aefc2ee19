/**
 * The judgement on the hosts before a bring-up: everything that is wrong anywhere, at once.
 *
 * @module
 */

import type { HostReport } from "./ask.ts";
import { CHECK_NAMES, CHECKS, type Expectation, zoneOf } from "./checks.ts";
import type { Problem } from "./problems.ts";

/** All problems, by host in the order of `reports`, and of one host in the order of the checks. */
export function judge(
  expectation: Expectation,
  reports: readonly HostReport[],
): readonly Problem[] {
  const answered = reports.flatMap(({ outcome }) => outcome.kind === "answered" ? [outcome] : []);
  const commonZone = mostFrequent(answered.map(({ answer }) => zoneOf(answer.timeZone)));
  return reports.flatMap(({ host, outcome }): readonly Problem[] => {
    if (outcome.kind === "failed") {
      const { name, message, remedy } = outcome;
      return [{ name, host, message, remedy }];
    }
    const judged = { host, ...outcome, expectation, commonZone };
    return CHECK_NAMES.flatMap((name) =>
      name === "reachable"
        ? []
        : CHECKS[name](judged).map((finding) => ({ name, host, ...finding }))
    );
  });
}

/** Of equally frequent ones the first. */
function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return texts.find((text) => counts.get(text) === most) ?? "";
}
