/**
 * The built binary, as a user runs it.
 *
 * @module
 */

import { type Output, runHere, type RunOptions } from "../../mod/lib/process.ts";

/** Path of the binary; `tools/deno task build` makes it, `tools/deno task test` does so first. */
export const HARE = new URL("../../dist/hare", import.meta.url).pathname;

/** Runs `hare` with arguments to its end, within two minutes if not told otherwise. */
export function hare(args: readonly string[], options: RunOptions = {}): Promise<Output> {
  return runHere([HARE, ...args], { limitMs: 120_000, ...options });
}
