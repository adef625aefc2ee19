/**
 * `hare dev stand-in`: a Mero server of a development cluster, played.
 *
 * @module
 */

import { TARGET_NAMES } from "../../cfgen/mod.ts";
import { FAILURES, runStandIn } from "../dev/stand_in.ts";
import { Argument, command, type CommandUnknownOpts, Option } from "./command.ts";
import type { Context } from "./context.ts";

/** The sub-command, which no help names. */
export function standInCommand(context: Context): CommandUnknownOpts {
  return command("stand-in")
    .description("Play a Mero server, or its mkfs; a unit of development clusters.")
    .addArgument(new Argument("<role>", "what to play").choices(["m0d", "mkfs"] as const))
    .argument("[args...]", "those of the program that it stands for")
    .requiredOption("--process-file <file>", "its parameters")
    .addOption(
      new Option("--target <target>", "which Mero").choices(TARGET_NAMES).makeOptionMandatory(),
    )
    .requiredOption("--data-dir <directory>", `its own; \`<directory>.fail\` may say ${FAILURES}`)
    .requiredOption("--hax <path>", "the Unix socket of the node's hax")
    .action((role, args, options) =>
      runStandIn({ ...options, role, args, clock: context.clock, signal: context.signal })
    );
}
