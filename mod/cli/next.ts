/**
 * `hare next`: counts at any key.
 *
 * @module
 */

import { next } from "../kv/counters.ts";
import {
  Argument,
  command,
  type CommandUnknownOpts,
  examples,
  InvalidArgumentError,
} from "./command.ts";
import type { Context } from "./context.ts";

/** The sub-command. */
export function nextCommand(context: Context): CommandUnknownOpts {
  return command("next")
    .description(
      "Add to the number at a key of Consul's KV and print the sum; no other caller gets the same.",
    )
    .argument("<key>", "a key that holds a whole number; one that is absent is an error")
    .addArgument(
      new Argument("[increment]", "how much to add").argParser(parseIncrement).default(1n, "1"),
    )
    .addHelpText(
      "after",
      examples(
        ["hare next epoch", "the number of the next event"],
        ["hare next last_fidk 16", "the next free fid key"],
      ),
    )
    .action((key, increment) => runNext({ key, increment }, context));
}

/** What `hare next` counts. */
export interface NextOptions {
  readonly key: string;
  readonly increment: bigint;
}

/** Counts, and prints the sum. */
export async function runNext({ key, increment }: NextOptions, context: Context): Promise<void> {
  const { clock, signal } = context;
  const sum = await next(context.consul(), key, increment, { clock, signal });
  await context.stdout({ lines: [`${sum}`] });
}

function parseIncrement(text: string): bigint {
  if (/^-?\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("It must be a whole number of at most 18 digits.");
}
