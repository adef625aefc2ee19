/**
 * What zod found wrong, as problems: in words for people, at the place in the text.
 *
 * @module
 */

import type * as z from "zod";
import { closestString, levenshteinDistance } from "../../mod/lib/std/text.ts";
import { type Path, valueAt } from "./path.ts";
import type { Problems } from "./problems.ts";

/** One issue of zod's. */
type Issue = z.core.$ZodIssue;

/**
 * Adds `issues` to `problems`, which from then on distrust the places they are about.
 *
 * A misspelt key is one problem: the key that was meant is not called missing besides.
 *
 * @param value what was checked
 * @returns the wrong places
 */
export function addIssues(
  issues: readonly Issue[],
  value: unknown,
  problems: Problems,
): readonly Path[] {
  const places: Path[] = [];
  const wrong = (path: Path) => {
    problems.distrust(path);
    places.push(path);
  };
  const flat = issues.flatMap(flatten);
  for (const issue of flat) {
    if (issue.code !== "unrecognized_keys") continue;
    const known = issue.message.split(" ");
    for (const key of issue.keys) {
      const path = [...issue.path as Path, key];
      const meant = nearestKey(key, known);
      const guess = meant === undefined
        ? `expected one of ${known.join(", ")}`
        : `did you mean ${meant}?`;
      problems.add(path, `unknown key; ${guess}`, { at: "key" });
      wrong(path);
      if (meant !== undefined) wrong([...issue.path as Path, meant]);
    }
  }
  for (const issue of flat) {
    if (issue.code === "unrecognized_keys") continue;
    const path = issue.path as Path;
    problems.add(path, wordsFor(issue, valueAt(value, path)));
    wrong(path);
  }
  return places;
}

/** Of a union the one alternative that was meant, if that is clear. */
function flatten(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const meant = issue.errors.filter((errors) => errors.every((e) => !isWrongKind(e)));
  const [only] = meant;
  if (meant.length !== 1 || only === undefined) return [issue];
  return only.flatMap((error) => flatten({ ...error, path: [...issue.path, ...error.path] }));
}

function isWrongKind(issue: Issue): boolean {
  return issue.path.length === 0 &&
    (issue.code === "invalid_type" || issue.code === "invalid_value");
}

function wordsFor(issue: Issue, found: unknown): string {
  if (issue.code === "custom") return issue.message;
  const expected = `expected ${expectation(issue)}`;
  if (found === undefined) return `missing; ${expected}`;
  const quotes = typeof found === "number" && expected === "expected text" ? "; quote it" : "";
  return `${expected}, found ${describe(found)}${quotes}`;
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return KINDS[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "invalid_union":
      return issue.errors.map(([first]) => first === undefined ? "" : expectation(first))
        .filter((text, i, all) => all.indexOf(text) === i).join(" or ");
    case "too_small":
      if (issue.origin === "string") return "some text";
      if (issue.origin === "array") return "at least one entry";
      return `${issue.minimum} or more`;
    case "too_big":
      return `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a whole number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "nothing",
};

/** A value as a message shows it. */
export function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function nearestKey(key: string, known: readonly string[]): string | undefined {
  const nearest = closestString(key, known);
  return levenshteinDistance(key, nearest) <= Math.max(2, key.length / 3) ? nearest : undefined;
}
