/**
 * `hare bootstrap-node`: this node alone, by hand.
 *
 * @module
 */

import { bootstrapNode, NODE_STAGES, type NodeStage } from "../bringup/node.ts";
import { SAVED_FILE } from "../bringup/saved.ts";
import { type MkfsFlags, mkfsOptions, mkfsPolicy } from "./mkfs.ts";
import { Argument, command, type CommandUnknownOpts, examples, Option } from "./command.ts";
import type { Context } from "./context.ts";
import {
  dryRunOption,
  jsonOption,
  operate,
  type OperationFlags,
  timeoutOption,
} from "./operation.ts";

/** Options of `hare bootstrap-node`. */
export interface BootstrapNodeFlags extends OperationFlags, MkfsFlags {
  readonly cluster: string;
  readonly confDir?: string | undefined;
}

/** The sub-command. */
export function bootstrapNodeCommand(context: Context): CommandUnknownOpts {
  const [mkfs, yes] = mkfsOptions();
  return command("bootstrap-node")
    .description("Bring this node up by hand, as its part of a bring-up; touch no other.")
    .addArgument(new Argument("<phase>", "which part").choices(NODE_STAGES))
    .addOption(dryRunOption())
    .addOption(mkfs)
    .addOption(yes)
    .addOption(
      new Option("--cluster <file>", "what the cluster was made from").default(SAVED_FILE),
    )
    .option("--conf-dir <directory>", "use the files there, not those that bootstrap has put")
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nphase1 starts the Consul agent, registers the services, starts hax, the recovery" +
        "\ncoordinator and the confd; phase2 the other servers, once the confds of all nodes run.",
    )
    .addHelpText(
      "after",
      examples(
        [
          "hare bootstrap --until generate cdf.yaml",
          "first, on a server: every node gets the file",
        ],
        ["hare bootstrap-node phase1", "on each node, servers first"],
        ["hare bootstrap-node phase2", "on each node"],
      ),
    )
    .action((stage, options) => runBootstrapNode(stage, options, context));
}

/**
 * Brings this node up.
 *
 * @throws {UsageError} when options do not go together
 */
export async function runBootstrapNode(
  stage: NodeStage,
  flags: BootstrapNodeFlags,
  context: Context,
): Promise<void> {
  const mkfs = mkfsPolicy(flags);
  await operate(
    "bootstrap-node",
    flags,
    context,
    ({ world, ...operation }) =>
      bootstrapNode({
        ...operation,
        stage,
        mkfs,
        savedFile: flags.cluster,
        confDir: flags.confDir,
      }, world),
  );
}
