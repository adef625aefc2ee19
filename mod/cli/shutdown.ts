/**
 * `hare shutdown`: stops a cluster in order.
 *
 * @module
 */

import { readKeptCluster, shutdown } from "../bringup/operate.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import {
  dryRunOption,
  jsonOption,
  operate,
  type OperationFlags,
  parallelOption,
  timeoutOption,
} from "./operation.ts";

/** The sub-command. */
export function shutdownCommand(context: Context): CommandUnknownOpts {
  return command("shutdown")
    .description("Stop a cluster, in the reverse order of its start, from one of its server nodes.")
    .addOption(dryRunOption())
    .addOption(parallelOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nMero's clients are not Hare's to stop: end the applications first. What is stopped here" +
        "\nstarts again when its host boots, or with `hare start`.",
    )
    .addHelpText(
      "after",
      examples(
        ["hare shutdown --dry-run", "what would be stopped, on which host"],
        ["hare shutdown", "exit 1 when something could not be stopped"],
      ),
    )
    .action((options) => runShutdown(options, context));
}

/** Stops the cluster. */
export async function runShutdown(flags: OperationFlags, context: Context): Promise<void> {
  const kept = await readKeptCluster(Deno.hostname());
  await operate(
    "shutdown",
    flags,
    context,
    ({ world, ...operation }) => shutdown(kept, operation, world),
  );
}
