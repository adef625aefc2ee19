/**
 * `hare entrypoint`: what a Mero client needs to join.
 *
 * @module
 */

import { readEntrypoint } from "../entrypoint/read.ts";
import { entrypointJson, renderEntrypoint } from "../entrypoint/render.ts";
import { linesIn } from "../lib/lines.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare entrypoint`. */
export interface EntrypointOptions {
  readonly json?: boolean | undefined;
}

/** The sub-command. */
export function entrypointCommand(context: Context): CommandUnknownOpts {
  return command("entrypoint")
    .description("Print what a Mero client needs to join: the principal RM and the confds.")
    .option("--json", "print JSON: {principalRm, confds, quorum}, places are {node, fid, address}")
    .addHelpText(
      "after",
      examples(
        ["hare entrypoint", "exit 1 while no leader is elected"],
        ["hare entrypoint --json | jq -r .principalRm.address"],
      ),
    )
    .action((options) => runEntrypoint(options, context));
}

/**
 * Prints the entrypoint.
 *
 * @throws {HareError} when there is none: nothing is printed then
 */
export async function runEntrypoint(options: EntrypointOptions, context: Context): Promise<void> {
  const entrypoint = await readEntrypoint(context.consul(), context.signal);
  await context.stdout(
    options.json === true
      ? { json: entrypointJson(entrypoint) }
      : { lines: linesIn(renderEntrypoint(entrypoint)) },
  );
}
