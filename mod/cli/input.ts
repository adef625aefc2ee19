/**
 * Files named on the command line.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import type { Context } from "./context.ts";

/** A text, and what messages call its source. */
export interface Input {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads a file; `-`, or none, is standard input.
 *
 * @throws {HareError} when it cannot be read
 */
export async function readInput(
  path: string | undefined,
  context: Pick<Context, "readStdin">,
): Promise<Input> {
  if (path === undefined || path === "-") {
    return { name: "<stdin>", text: await context.readStdin() };
  }
  try {
    return { name: path, text: await Deno.readTextFile(path) };
  } catch (error) {
    throw new HareError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Why a file cannot be used, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.NotCapable) {
    return "hare cannot use files in /dev, /proc and /sys";
  }
  return messageOf(error);
}
