/**
 * `hare epoch`: the number of the next event.
 *
 * @module
 */

import { nextEpoch } from "../kv/counters.ts";
import { formatEpoch } from "../kv/keys.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";

/** The sub-command. */
export function epochCommand(context: Context): CommandUnknownOpts {
  return command("epoch")
    .description("Take the next number of the event queues and print it with nine digits.")
    .addHelpText(
      "after",
      examples(["consul kv put eq/$(hare epoch) wake_RC", "puts an event on the queue by hand"]),
    )
    .action(() => runEpoch(context));
}

/** Takes the next epoch, and prints it. */
export async function runEpoch({ consul, clock, signal, stdout }: Context): Promise<void> {
  await stdout({ lines: [formatEpoch(await nextEpoch(consul(), { clock, signal }))] });
}
