/**
 * `hare start`: starts a cluster that was shut down.
 *
 * @module
 */

import { start } from "../bringup/operate.ts";
import { type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { keptClusterCommand } from "./kept_cluster.ts";

/** The sub-command. */
export function startCommand(context: Context): CommandUnknownOpts {
  return keptClusterCommand("start", start, context)
    .description(
      "Start a cluster that was shut down, from one of its server nodes; format nothing.",
    )
    .addHelpText(
      "after",
      examples(
        ["hare start --dry-run", "what would be started, on which host"],
        ["hare start", "what runs is left alone; exit 1 when a host does not answer"],
      ),
    );
}
