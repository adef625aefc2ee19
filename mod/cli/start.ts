/**
 * `hare start`: starts a cluster that was shut down.
 *
 * @module
 */

import { readKeptCluster, start } from "../bringup/operate.ts";
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
export function startCommand(context: Context): CommandUnknownOpts {
  return command("start")
    .description(
      "Start a cluster that was shut down, from one of its server nodes; format nothing.",
    )
    .addOption(dryRunOption())
    .addOption(parallelOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["hare start --dry-run", "what would be started, on which host"],
        ["hare start", "what runs is left alone; exit 1 when a host does not answer"],
      ),
    )
    .action((options) => runStart(options, context));
}

/** Starts the cluster. */
export async function runStart(flags: OperationFlags, context: Context): Promise<void> {
  const kept = await readKeptCluster(Deno.hostname());
  await operate(
    "start",
    flags,
    context,
    ({ world, ...operation }) => start(kept, operation, world),
  );
}
