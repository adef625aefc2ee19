/**
 * `hare hax`: Mero's side of a node.
 *
 * @module
 */

import { checkLibrary, HaLink } from "../halink/mod.ts";
import { isOfDevUnit } from "../dev/unit_member.ts";
import { MARK } from "../dev/processes.ts";
import { readToken, TOKEN_FILE_VARIABLE } from "../hax/access.ts";
import type { OpenLink } from "../hax/link_keeper.ts";
import { hasSystemd } from "../hax/check_service.ts";
import { type IsOfUnit, mustSeeProcesses, readBootId, startOfIn } from "../hax/presence.ts";
import { isOfSystemdUnit } from "../hax/unit_member.ts";
import { DEFAULT_LISTEN, serveHax } from "../hax/server.ts";
import { pruneTraces } from "../hax/traces.ts";
import { messageOf } from "../lib/errors.ts";
import { type Listen, parseListen } from "../lib/listen.ts";
import { ProcFiles } from "../lib/proc_file.ts";
import { loggerOf } from "../lib/log.ts";
import { runAsService } from "../lib/service.ts";
import { ALLOW_HOST, serverNames } from "./allow_host.ts";
import { command, type CommandUnknownOpts, examples, Option, parsedBy } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare hax`. */
export interface HaxOptions {
  readonly listen: Listen;
  /** Path of Mero's library; where it is not given, the system's loader looks for it. */
  readonly libmotr?: string | undefined;
  readonly halink: boolean;
  /** Directory with traces of the library. */
  readonly pruneTraces?: string | undefined;
  readonly check?: true | undefined;
  /** Path of a Unix socket that accepts reports of processes. */
  readonly socket?: string | undefined;
  /** Names, besides the address and this host's name, that hax accepts as `Host`. */
  readonly allowHost?: readonly string[] | undefined;
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
    .option(
      "--socket <path>",
      "Unix socket that takes reports of processes as well (default: none)",
    )
    .option(...ALLOW_HOST)
    .option("--libmotr <path>", "Mero's library, libmotr.so or libmero.so (default: the system's)")
    .option(
      "--prune-traces <directory>",
      "where the library writes its traces: remove those of earlier starts but the newest two",
    )
    .option("--no-halink", "do without the HA link: answer HTTP only")
    .option("--check", "load Mero's library, print its name, and end; serve nothing")
    .addHelpText(
      "after",
      examples(
        ["hare hax", `answers at ${hostname}:${port}`],
        ["hare hax --listen 192.168.0.1:8080 --allow-host node1.example.com"],
        ["hare hax --libmotr /opt/motr/lib/libmotr.so"],
        ["hare hax --check", "whether the system has Mero's library"],
        [`curl http://${hostname}:${port}/health`, "how it is"],
      ) + TOKEN_HELP,
    )
    .action((options) => runHax(options, context));
}

const TOKEN_HELP = `

Environment:
  ${TOKEN_FILE_VARIABLE}  path of a file with a token; requests over TCP that report
                       a process, or that come from other hosts and tell
                       something, need it: \`Authorization: Bearer TOKEN\``;

/** Serves until the context's signal is aborted. */
export async function runHax(options: HaxOptions, context: Context): Promise<void> {
  const { clock } = context;
  const token = await readToken(context.env);
  if (options.check === true) {
    return await context.stdout({ lines: options.halink ? [checkLibrary(options.libmotr)] : [] });
  }
  if (options.pruneTraces !== undefined) await prune(options.pruneTraces);
  const openLink = options.halink ? linkOpener(options.libmotr) : null;
  await runAsService({ ...context, log: loggerOf("hax") }, async (service, signal) => {
    const boot = await readBootId(context.run, signal);
    const consul = context.consul();
    using proc = new ProcFiles();
    const startOf = startOfIn(proc);
    mustSeeProcesses(startOf);
    const isOfUnit = await unitProof(proc, context);
    const deps = { consul, clock, random: Math.random, startOf, isOfUnit, boot, openLink };
    const onWait = (why: string | null) =>
      why === null ? service.isReady("knows its node") : service.waits(why);
    const { listen, socket, allowHost } = options;
    const names = serverNames(allowHost);
    await serveHax({ ...deps, onWait }, { listen, socket, names, token, signal });
  });
}

/** Old traces that cannot be removed only cost disk space, so hax continues. */
async function prune(directory: string): Promise<void> {
  try {
    await pruneTraces(directory);
  } catch (error) {
    const why = messageOf(error);
    loggerOf("hax").warn("cannot remove old traces in {directory}: {why}", { directory, why });
  }
}

/** How hax determines the unit of a process: a development cluster has no systemd. */
async function unitProof(proc: ProcFiles, { env }: Context): Promise<IsOfUnit> {
  const mark = env(MARK);
  if (mark !== undefined) return isOfDevUnit(proc, mark);
  return await hasSystemd() ? isOfSystemdUnit(proc) : () => null;
}

/** Opens the HA link with a worker that is this same program. */
function linkOpener(library: string | undefined): OpenLink {
  const program = Deno.mainModule; // asked of the main thread: a worker has none
  const startWorker = () => new Worker(program, { type: "module" });
  return (identity, events) => HaLink.open({ library, identity, events, startWorker });
}
