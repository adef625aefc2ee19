/**
 * How an error is shown: the one place that does it.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import { isSystemError, systemErrorText } from "../lib/io_error.ts";
import { type Line, linesIn } from "../lib/lines.ts";
import { loggerOf } from "../lib/log.ts";

/** Options of {@linkcode errorLines}. */
export interface ErrorLinesOptions {
  /** With the chain of causes. {@default false} */
  readonly verbose?: boolean;
  /** A command that tells more. */
  readonly seeAlso?: string | undefined;
}

/**
 * The lines about `error` for standard error.
 *
 * An error of the system (a full disk, a missing right) is shown in the system's wording. Any other
 * error that is not a {@linkcode HareError} is a bug: the lines say so and show its stack.
 *
 * @example
 * ```ts
 * import { HareError } from "../lib/errors.ts";
 * import { errorLines } from "./printer.ts";
 *
 * const lines = errorLines(new HareError("no leader", { hint: "wait for the election" }));
 * if (lines.join("|") !== "hare: no leader|  hint: wait for the election") throw new Error("wrong");
 * ```
 */
export function errorLines(error: unknown, options: ErrorLinesOptions = {}): readonly Line[] {
  const lines: string[] = [];
  if (error instanceof HareError) {
    const [first, ...rest] = error.lines;
    lines.push(`hare: ${first}`, ...rest);
    if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`);
  } else if (isSystemError(error)) {
    lines.push(`hare: ${systemErrorText(error)}`);
    if (options.verbose === true) lines.push(...linesIn(error.stack ?? "").map((it) => `  ${it}`));
  } else {
    lines.push(`hare: unexpected error, a fault of hare itself: ${messageOf(error)}`);
    const stack = error instanceof Error ? error.stack ?? "" : "";
    lines.push(...linesIn(stack).map((line) => `  ${line}`));
  }
  if (options.verbose === true) lines.push(...causesOf(error).map((cause) => `  cause: ${cause}`));
  if (options.seeAlso !== undefined) lines.push(`  see: ${options.seeAlso}`);
  return lines;
}

/** The same for a program that reads the log: one line of it, with hint and causes. */
export function logError(error: unknown): void {
  const template = messageOf(error).replaceAll("{", "{{").replaceAll("}", "}}");
  loggerOf("cli").fatal(template, {
    hint: error instanceof HareError ? error.hint : undefined,
    stack: error instanceof Error && !(error instanceof HareError) ? error.stack : undefined,
    causes: causesOf(error),
  });
}

/** Messages of the errors underneath `error`, the nearest first; each error once. */
function causesOf(error: unknown): readonly string[] {
  const seen = new Set<unknown>([error]);
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && !seen.has(cause)) {
    seen.add(cause);
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}
