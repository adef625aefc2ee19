/**
 * `hare inspect-storage`: a bring-up runs it on a host before it formats storage there. Hidden: its
 * input and output are for programs.
 *
 * @module
 */

import { UsageError } from "../lib/errors.ts";
import { inspectStorage, readStorageQuestion } from "../storage/mod.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { buildText } from "./version.ts";

/** The sub-command. */
export function inspectStorageCommand(context: Context): CommandUnknownOpts {
  return command("inspect-storage")
    .description(
      "Answer a question about this host's storage, JSON on standard input; change nothing.",
    )
    .requiredOption("--json", "print the answer as JSON, which is the only form there is")
    .addHelpText("after", examples(["hare inspect-storage --json <question.json"]))
    .action(() => runInspectStorage(context));
}

/**
 * Prints the answer.
 *
 * @throws {UsageError} when the question is missing or not valid in this version
 */
export async function runInspectStorage(context: Context): Promise<void> {
  const question = readStorageQuestion(await context.readStdin("the question"));
  if (typeof question === "string") {
    throw new UsageError(`hare ${buildText(context.commit)} does not understand the question`, {
      hint: question,
    });
  }
  const answer = await inspectStorage(question, context);
  await context.stdout({ jsonLine: answer });
}
