/**
 * `hare shutdown`: stops a cluster in order.
 *
 * @module
 */

import { shutdown } from "../bringup/operate.ts";
import { type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { keptClusterCommand } from "./kept_cluster.ts";

/** The sub-command. */
export function shutdownCommand(context: Context): CommandUnknownOpts {
  return keptClusterCommand("shutdown", shutdown, context)
    .description("Stop a cluster, in the reverse order of its start, from one of its server nodes.")
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
    );
}
