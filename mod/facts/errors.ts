/**
 * What keeps facts from being had.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";

/** Facts that could not be had, each with its reason: all of them together. */
export class FactsError extends HareError {
  override readonly name = "FactsError";

  /**
   * @param problems one line each
   * @param title what they are about, where there are several
   */
  constructor(readonly problems: readonly string[], title: string) {
    super(
      problems.length === 1
        ? problems
        : [`${title}:`, ...problems.map((problem) => `  ${problem}`)],
    );
  }
}

/**
 * The problems that `reason` stands for.
 *
 * @throws `reason` itself when it is no {@linkcode HareError}: then it is a fault of the program
 */
export function problemsOf(reason: unknown): readonly string[] {
  if (reason instanceof FactsError) return reason.problems;
  if (!(reason instanceof HareError)) throw reason;
  const hint = reason.hint === undefined ? "" : ` (${reason.hint})`;
  return [messageOf(reason) + hint];
}
