/**
 * `hare dev stand-in`: a Mero server of a development cluster, played.
 *
 * @module
 */

import { FAILURES, runStandIn } from "../dev/stand_in.ts";
import { Argument, command, type CommandUnknownOpts } from "./command.ts";
import type { Context } from "./context.ts";

/** The sub-command, which no help names. */
export function standInCommand(context: Context): CommandUnknownOpts {
  return command("stand-in")
    .description("Play a Mero server, or its mkfs; a unit of development clusters.")
    .addArgument(new Argument("<role>", "what to play").choices(["m0d", "mkfs"] as const))
    .requiredOption("--process-file <file>", "its parameters")
    .requiredOption("--prefix <prefix>", "what their names begin with")
    .requiredOption("--data-dir <directory>", `its own; \`<directory>.fail\` may say ${FAILURES}`)
    .requiredOption("--hax <url>", "the node's hax")
    .action((role, options) =>
      runStandIn({ ...options, role, clock: context.clock, signal: context.signal })
    );
}
