/**
 * `hare preflight`: what a bring-up asks of each host before it changes anything. Hidden: its
 * question and its answer are for programs; people use `hare doctor`.
 *
 * @module
 */

import { UsageError } from "../lib/errors.ts";
import { inspect, readQuestion, writeAnswer } from "../preflight/mod.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { buildText } from "./version.ts";

/** The sub-command. */
export function preflightCommand(context: Context): CommandUnknownOpts {
  return command("preflight")
    .description("Answer a question about this host, JSON on standard input; change nothing.")
    .requiredOption("--json", "print the answer as JSON, which is the only form there is")
    .addHelpText("after", examples(["hare preflight --json <question.json"]))
    .action(() => runPreflight(context));
}

/**
 * Prints the answer.
 *
 * @throws {UsageError} when there is no question that this version understands
 */
export async function runPreflight(context: Context): Promise<void> {
  const question = readQuestion(await context.readStdin("the question"));
  if (typeof question === "string") {
    throw new UsageError(`hare ${buildText(context.commit)} does not understand the question`, {
      hint: question,
    });
  }
  const answer = await inspect(question, { ...context, version: buildText(context.commit) });
  await context.stdout({ verbatim: writeAnswer(answer) });
}
