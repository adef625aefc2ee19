/**
 * The errors that reach a person: what failed, where, and what to do about it.
 *
 * Every error that Hare raises on purpose is a {@linkcode HareError}; anything else that comes
 * up to `main.ts` is a fault of the program. Only `main.ts` turns errors into exit statuses.
 *
 * @module
 */

import { excerpt } from "./excerpt.ts";

/** Exit statuses of every command (spec: commands.md). `2` is a result of some commands. */
export const ExitStatus = {
  done: 0,
  failed: 1,
  usage: 64,
} as const;

/** Options of {@linkcode HareError}. */
export interface HareErrorOptions {
  /** What the person can do about it: one sentence, no full stop needed. */
  readonly hint?: string | undefined;
  /** The error underneath; `--verbose` prints the chain. */
  readonly cause?: unknown;
}

/**
 * A failure that a person can understand.
 *
 * @example
 * ```ts
 * import { HareError } from "./errors.ts";
 *
 * const error = new HareError("cannot read cdf.yaml: no such file", {
 *   hint: "give the path of a cluster description, or `-` for standard input",
 * });
 * if (error.exitStatus !== 1) throw new Error("a plain failure exits 1");
 * ```
 */
export class HareError extends Error {
  override readonly name: string = "HareError";
  /** The process's exit status when this error ends it. */
  readonly exitStatus: number = ExitStatus.failed;
  /** What the person can do about it. */
  readonly hint: string | undefined;
  /** The message, one entry for each line that it is shown on. */
  readonly lines: readonly string[];

  /**
   * @param message what failed and where, without a full stop at the end; as a list, several lines.
   * A line end within a line comes from a value, and is shown escaped
   */
  constructor(message: string | readonly string[], options: HareErrorOptions = {}) {
    const lines = typeof message === "string" ? [message] : message;
    super(lines.join("\n"), options.cause === undefined ? undefined : { cause: options.cause });
    this.lines = lines;
    this.hint = options.hint;
  }
}

/** The command line, or the environment that belongs to it, was wrong: exit status 64. */
export class UsageError extends HareError {
  override readonly name = "UsageError";
  override readonly exitStatus = ExitStatus.usage;
}

/** A signal has ended the program's work: the exit status is the one that shells report for it. */
export class InterruptedError extends HareError {
  override readonly name = "InterruptedError";
  override readonly exitStatus: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.exitStatus = 128 + { SIGINT: 2, SIGTERM: 15 }[signal];
  }
}

/** Something waited for did not happen within its time limit. */
export class TimeLimitError extends HareError {
  override readonly name = "TimeLimitError";
}

/**
 * The message of anything thrown, for a log line or as part of another message.
 *
 * @example
 * ```ts
 * import { messageOf } from "./errors.ts";
 *
 * if (messageOf(new Error("no route")) !== "no route") throw new Error("wrong");
 * if (messageOf("text") !== "text") throw new Error("wrong");
 * ```
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The lines of the message of anything thrown, as {@linkcode HareError.lines}. */
export function linesOf(error: unknown): readonly string[] {
  return error instanceof HareError ? error.lines : [messageOf(error)];
}

/** A message may quote arbitrary text. */
const MAX_STACK = 4000;

/** The stack of any thrown value, for the log, if the error was not expected. */
export function stackOf(error: unknown): string {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return excerpt(text, MAX_STACK);
}
