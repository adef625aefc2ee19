/**
 * Counts from the report that `deno test --junit-path` writes; its summary on the terminal is for
 * people and has no fixed form.
 *
 * @module
 */

/** How many tests ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** No test at all. */
export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

/** Both together. */
export function sum(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

/**
 * The counts in a report.
 *
 * @example
 * ```ts
 * import { countsOf } from "./junit.ts";
 *
 * const { passed, failed } = countsOf(
 *   '<testsuite name="./x_test.ts" tests="5" disabled="1" errors="0" failures="2">',
 * );
 * if (passed !== 2 || failed !== 2) throw new Error("wrong");
 * ```
 */
export function countsOf(report: string): Counts {
  let counts = NONE;
  for (const [suite] of report.matchAll(/<testsuite [^>]*>/g)) {
    const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const failed = number("failures") + number("errors");
    const skipped = number("disabled");
    counts = sum(counts, { passed: number("tests") - failed - skipped, failed, skipped });
  }
  return counts;
}

/** How the name of a skipped test ends: with the reason between these. */
export const SKIPPED = { before: " (skipped: ", after: ")" } as const;

/**
 * Number of skipped tests in a report by their reasons.
 *
 * @example
 * ```ts
 * import { skippedIn } from "./junit.ts";
 *
 * const report = '<testcase name="it boots (skipped: needs root)" time="0"/>';
 * if (skippedIn(report).get("needs root") !== 1) throw new Error("wrong");
 * ```
 */
export function skippedIn(report: string): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [, name = ""] of report.matchAll(/<testcase name="([^"]*)"/g)) {
    const start = name.indexOf(SKIPPED.before);
    if (start < 0 || !name.endsWith(SKIPPED.after)) continue;
    const reason = unescaped(name.slice(start + SKIPPED.before.length, -SKIPPED.after.length));
    numbers.set(reason, (numbers.get(reason) ?? 0) + 1);
  }
  return numbers;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&#39;": "'",
  "&amp;": "&",
};

function unescaped(text: string): string {
  return text.replaceAll(/&[a-z0-9#]+;/g, (entity) => ENTITIES[entity] ?? entity);
}

/**
 * The closing line: `12 passed, 0 failed`, and `, 1 skipped` where there are any.
 *
 * @example
 * ```ts
 * import { closingLine } from "./junit.ts";
 *
 * const line = closingLine({ passed: 12, failed: 0, skipped: 1 });
 * if (line !== "12 passed, 0 failed, 1 skipped") throw new Error(line);
 * ```
 */
export function closingLine({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}
