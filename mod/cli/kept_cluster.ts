/**
 * What `hare shutdown` and `hare start` have in common: they operate on the cluster that this server
 * keeps.
 *
 * @module
 */

import { readKeptCluster, type shutdown, type start } from "../bringup/operate.ts";
import { command, type CommandUnknownOpts } from "./command.ts";
import type { Context } from "./context.ts";
import {
  dryRunOption,
  jsonOption,
  operate,
  type OperationFlags,
  parallelOption,
  timeoutOption,
} from "./operation.ts";

/** What is done to the cluster. */
export type KeptClusterWork = typeof shutdown | typeof start;

/** A command that does `work`, without a text for people yet. */
export function keptClusterCommand(
  name: string,
  work: KeptClusterWork,
  context: Context,
): CommandUnknownOpts {
  return command(name)
    .addOption(dryRunOption())
    .addOption(parallelOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .action((options) => runOnKeptCluster(name, work, options, context));
}

/** Operates on the cluster. */
export async function runOnKeptCluster(
  name: string,
  work: KeptClusterWork,
  flags: OperationFlags,
  context: Context,
): Promise<void> {
  const kept = await readKeptCluster(Deno.hostname());
  await operate(name, flags, context, ({ world, ...operation }) => work(kept, operation, world));
}
