/**
 * `hare status`: the cluster on one screen.
 *
 * @module
 */

import { ConsulError } from "../consul/mod.ts";
import type { Line } from "../lib/lines.ts";
import {
  assess,
  assessSilence,
  type Level,
  readWorld,
  render,
  type RenderOptions,
  renderVerdict,
  type StatusJson,
  statusJson,
} from "../status/mod.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare status`. */
export interface StatusOptions {
  readonly all?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** The exit status that each level is. */
const EXIT_STATUS: Readonly<Record<Level, number>> = { healthy: 0, degraded: 1, down: 2 };

/** The sub-command. */
export function statusCommand(context: Context): CommandUnknownOpts {
  return command("status")
    .description(
      "Show the cluster on one screen: what is wrong, who leads, each node and Mero process, pools.",
    )
    .option("--all", "with many nodes: each process also of those nodes that are well")
    .option("--json", "level, reasons, and all that is known, as one JSON object")
    .addHelpText(
      "after",
      [
        "\nExit status: 0 healthy; 1 degraded: it serves, but something has failed;",
        "2 down: no Consul leader, no RC leader, no quorum of confds, or data lost to sight.",
        examples(
          ["hare status"],
          ["hare status --json | jq -r '.reasons[].text'", "what is wrong, a line each"],
        ),
      ].join("\n"),
    )
    .action((options) => runStatus(options, context));
}

/** Prints the state; the level becomes the exit status. */
export async function runStatus(options: StatusOptions, context: Context): Promise<void> {
  const { level, json, lines } = await look(context, {
    width: context.terminal.columns,
    all: options.all,
  });
  context.setExitStatus(EXIT_STATUS[level]);
  await context.stdout(options.json === true ? { json } : { lines });
}

/** The state, in both forms. */
interface Look {
  readonly level: Level;
  readonly json: StatusJson;
  readonly lines: readonly Line[];
}

/** A Consul that does not answer is a state of the cluster too. */
async function look(context: Context, options: RenderOptions): Promise<Look> {
  try {
    const world = await readWorld(context.consul(), context.signal);
    const assessment = assess(world);
    return {
      level: assessment.level,
      json: statusJson(world, assessment),
      lines: render(world, assessment, options),
    };
  } catch (error) {
    if (!(error instanceof ConsulError)) throw error;
    const verdict = assessSilence(error);
    return { level: verdict.level, json: verdict, lines: renderVerdict(verdict, options) };
  }
}
