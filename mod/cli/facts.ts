/**
 * `hare facts`: what cfgen has to know about this host.
 *
 * @module
 */

import { writeAnswer } from "../facts/answer.ts";
import { FactsError, factsOfThisHost } from "../facts/mod.ts";
import { factsLines } from "../facts/render.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare facts`. */
export interface FactsOptions {
  readonly iface?: string | undefined;
  readonly glob?: readonly string[] | undefined;
  readonly json?: boolean | undefined;
}

/** The sub-command. */
export function factsCommand(context: Context): CommandUnknownOpts {
  return command("facts")
    .description("Show this host's facts: name, processors, memory, address, disks.")
    .option("--iface <interface>", "take the address of this one (default: the default route's)")
    .option("--glob <glob>", "list the disks that match; may be given again", collect)
    .option("--json", 'print one entry of a facts file\'s hosts; or {"problems": [...]}')
    .addHelpText(
      "after",
      examples(
        ["hare facts", "name, processors, memory, address"],
        ["hare facts --iface eth1 --glob '/dev/sd[b-m]' --json", "as hare cfgen asks it"],
      ),
    )
    .action((options) => runFacts(options, context));
}

/** Prints the facts; with `json`, what is missing is printed as JSON too. */
export async function runFacts(options: FactsOptions, context: Context): Promise<void> {
  const globs = options.glob ?? [];
  try {
    const facts = await factsOfThisHost({ iface: options.iface, globs }, context);
    await context.stdout(
      options.json === true ? { verbatim: writeAnswer(facts) } : { lines: factsLines(facts) },
    );
  } catch (error) {
    if (options.json === true && error instanceof FactsError) {
      await context.stdout({ verbatim: writeAnswer(error) });
    }
    throw error;
  }
}

function collect(glob: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], glob];
}
