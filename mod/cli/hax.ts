/**
 * `hare hax`: Mero's side of a node.
 *
 * @module
 */

import { checkLibrary, HaLink } from "../halink/mod.ts";
import { readToken, TOKEN_FILE_VARIABLE } from "../hax/access.ts";
import type { OpenLink } from "../hax/link_keeper.ts";
import { pidExists, readBootId } from "../hax/presence.ts";
import { DEFAULT_LISTEN, serveHax } from "../hax/server.ts";
import { type Listen, parseListen } from "../lib/listen.ts";
import { loggerOf } from "../lib/log.ts";
import { runAsService } from "../lib/service.ts";
import { command, type CommandUnknownOpts, examples, Option, parsedBy } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare hax`. */
export interface HaxOptions {
  readonly listen: Listen;
  /** Path of Mero's library; where it is not given, the system's loader looks for it. */
  readonly libmotr?: string | undefined;
  readonly halink: boolean;
  readonly check?: true | undefined;
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
        .argParser(parsedBy((text) => parseListen(text, port))).default(
          DEFAULT_LISTEN,
          `${hostname}:${port}`,
        ),
    )
    .option("--libmotr <path>", "Mero's library, libmotr.so or libmero.so (default: the system's)")
    .option("--no-halink", "do without the HA link: answer HTTP only")
    .option("--check", "load Mero's library, print its name, and end; serve nothing")
    .addHelpText(
      "after",
      examples(
        ["hare hax", `answers at ${hostname}:${port}`],
        ["hare hax --listen 192.168.0.1:8080"],
        ["hare hax --libmotr /opt/motr/lib/libmotr.so"],
        ["hare hax --check", "whether the system has Mero's library"],
        [`curl http://${hostname}:${port}/health`, "how it is"],
      ) + TOKEN_HELP,
    )
    .action((options) => runHax(options, context));
}

const TOKEN_HELP = `

Environment:
  ${TOKEN_FILE_VARIABLE}  path of a file with a token; requests from other hosts that
                       tell something need it: \`Authorization: Bearer TOKEN\``;

/** Serves until the context's signal is aborted. */
export async function runHax(options: HaxOptions, context: Context): Promise<void> {
  const { clock } = context;
  const token = await readToken(context.env);
  if (options.check === true) {
    return await context.stdout({ lines: options.halink ? [checkLibrary(options.libmotr)] : [] });
  }
  const openLink = options.halink ? linkOpener(options.libmotr) : null;
  await runAsService({ ...context, log: loggerOf("hax") }, async (service, signal) => {
    const boot = await readBootId(context.run, signal);
    const consul = context.consul();
    const deps = { consul, clock, random: Math.random, pidExists, boot, openLink };
    const onWait = (why: string | null) =>
      why === null ? service.isReady("knows its node") : service.waits(why);
    await serveHax({ ...deps, onWait }, { listen: options.listen, token, signal });
  });
}

/** Opens the HA link with a worker that is this same program. */
function linkOpener(library: string | undefined): OpenLink {
  const program = Deno.mainModule; // asked of the main thread: a worker has none
  const startWorker = () => new Worker(program, { type: "module" });
  return (identity, events) => HaLink.open({ library, identity, events, startWorker });
}
