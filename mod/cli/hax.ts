/**
 * `hare hax`: Mero's side of a node.
 *
 * @module
 */

import { pidExists, readBootId } from "../hax/presence.ts";
import { DEFAULT_LISTEN, serveHax } from "../hax/server.ts";
import { type Listen, parseListen } from "../lib/listen.ts";
import { loggerOf } from "../lib/log.ts";
import { runAsService } from "../lib/service.ts";
import { command, type CommandUnknownOpts, examples, Option } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare hax`. */
export interface HaxOptions {
  readonly listen: Listen;
}

/** The sub-command. */
export function haxCommand(context: Context): CommandUnknownOpts {
  const { hostname, port } = DEFAULT_LISTEN;
  return command("hax")
    .description(
      "Serve this node's Mero processes: health, states, entrypoint. Runs until stopped.",
    )
    .addOption(
      new Option("--listen <address[:port]>", "where to answer HTTP")
        .argParser((text) => parseListen(text, port)).default(
          DEFAULT_LISTEN,
          `${hostname}:${port}`,
        ),
    )
    .addHelpText(
      "after",
      examples(
        ["hare hax", `answers at ${hostname}:${port}`],
        ["hare hax --listen 192.168.0.1:8080"],
        [`curl http://${hostname}:${port}/health`, "how it is"],
      ),
    )
    .action((options) => runHax(options, context));
}

/** Serves until the context's signal is aborted. */
export async function runHax({ listen }: HaxOptions, context: Context): Promise<void> {
  const { clock } = context;
  await runAsService({ ...context, log: loggerOf("hax") }, async (service, signal) => {
    const boot = await readBootId(context.run, signal);
    const deps = { consul: context.consul(), clock, random: Math.random, pidExists, boot };
    const onWait = (why: string | null) =>
      why === null ? service.isReady("knows its node") : service.waits(why);
    await serveHax({ ...deps, onWait }, { listen, signal });
  });
}
