/**
 * Problems of hosts: told to people, or passed over.
 *
 * @module
 */

import { HareError, UsageError } from "../lib/errors.ts";
import { CHECK_NAMES, type CheckName } from "./checks.ts";

/** Something that keeps a host from being brought up. */
export interface Problem {
  /** The check that has found it. */
  readonly name: CheckName;
  /** `[user@]hostname` as the CDF has it. */
  readonly host: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Hosts have problems: all of them together. */
export class PreflightError extends HareError {
  override readonly name = "PreflightError";

  constructor(readonly problems: readonly Problem[]) {
    super(["not every host is ready:", ...problemLines(problems)], {
      hint:
        "mend that and run the same command again; or pass over a check with --ignore-preflight NAME,…",
    });
  }
}

/** Lines about problems, under the name of each host; problems of one host stand together. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  return problems.flatMap(({ host, name, message, remedy }, i) => [
    ...problems[i - 1]?.host === host ? [] : [`${host}:`],
    `  ${name}: ${message}`,
    `    → ${remedy}`,
  ]);
}

/**
 * Reads the checks to be passed over, `NAME,…`.
 *
 * @throws {UsageError} when there is no such check; the hint names those that there are
 */
export function parseCheckNames(text: string): ReadonlySet<CheckName> {
  return new Set(
    text.split(",").map((word) => {
      const name = CHECK_NAMES.find((name) => name === word.trim());
      if (name !== undefined) return name;
      throw new UsageError(`there is no preflight check ${JSON.stringify(word.trim())}`, {
        hint: `the checks are ${CHECK_NAMES.join(", ")}`,
      });
    }),
  );
}

/** The problems but those of the checks that are passed over. */
export function withoutIgnored(
  problems: readonly Problem[],
  ignored: ReadonlySet<CheckName>,
): readonly Problem[] {
  return problems.filter(({ name }) => !ignored.has(name));
}
