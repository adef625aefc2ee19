/**
 * Which phases of a bring-up are to run: `--phase`, `--skip-phase`, `--until`.
 *
 * @module
 */

import { UsageError } from "../lib/errors.ts";

/** What the operator wants to run; everything when nothing is said. */
export interface Selection {
  /** These only. */
  readonly only?: readonly string[] | undefined;
  /** Not these. */
  readonly skip?: readonly string[] | undefined;
  /** Up to and with this one. */
  readonly until?: string | undefined;
}

/**
 * Whether a phase is selected, by its name.
 *
 * @param names of all phases, in their order
 * @throws {UsageError} when the selection names a phase that there is not
 *
 * @example
 * ```ts
 * import { selectPhases } from "./select.ts";
 *
 * const selected = selectPhases(["check", "generate", "import"], { until: "generate" });
 * if (!selected("check") || selected("import")) throw new Error("wrong");
 * ```
 */
export function selectPhases(
  names: readonly string[],
  { only, skip = [], until }: Selection,
): (name: string) => boolean {
  const unknown = [...only ?? [], ...skip, ...until === undefined ? [] : [until]]
    .find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no phase ${JSON.stringify(unknown)}`, {
      hint: `the phases are ${names.join(", ")}`,
    });
  }
  const last = until === undefined ? names.length - 1 : names.indexOf(until);
  return (name) =>
    (only?.includes(name) ?? true) && !skip.includes(name) && names.indexOf(name) <= last;
}
