/**
 * The whole command line: the list of sub-commands, the options that all share, and what becomes
 * of an error.
 *
 * @module
 */

import { CommanderError } from "@commander-js/extra-typings";
import { ExitStatus, HareError, UsageError } from "../lib/errors.ts";
import { linesIn } from "../lib/lines.ts";
import { configureLog } from "../lib/log.ts";
import { bootstrapCommand } from "./bootstrap.ts";
import { bootstrapNodeCommand } from "./bootstrap_node.ts";
import { consulConfCommand } from "./consul_conf.ts";
import { consulEnvCommand } from "./consul_env.ts";
import { cfgenCommand } from "./cfgen.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import { statusCommand } from "./status.ts";
import { rcCommand } from "./rc.ts";
import { haxCommand } from "./hax.ts";
import { entrypointCommand } from "./entrypoint.ts";
import { checkServiceCommand } from "./check_service.ts";
import { completeCommand } from "./complete.ts";
import { completionsCommand } from "./completions.ts";
import type { Context } from "./context.ts";
import { devCommand } from "./dev.ts";
import { epochCommand } from "./epoch.ts";
import { eventCommand } from "./event.ts";
import { factsCommand } from "./facts.ts";
import { fidCommand } from "./fid.ts";
import { inspectStorageCommand } from "./inspect_storage.ts";
import { installCommand } from "./install.ts";
import { m0crateConfCommand } from "./m0crate_conf.ts";
import { nextCommand } from "./next.ts";
import { timeoutCommand } from "./timeout.ts";
import { preflightCommand } from "./preflight.ts";
import { errorLines, logError } from "./printer.ts";
import { restartDelayCommand } from "./restart_delay.ts";
import { shutdownCommand } from "./shutdown.ts";
import { startCommand } from "./start.ts";
import { versionText } from "./version.ts";
import { watchBqCommand } from "./watch_bq.ts";
import { watchServiceCommand } from "./watch_service.ts";
import { OutputClosed, type World } from "./world.ts";

/** Makes one sub-command. */
type MakeCommand = (context: Context) => CommandUnknownOpts;

/** Sub-commands under the headings of the help. */
export type SubCommands = readonly (readonly [heading: string, ...MakeCommand[]])[];

/** Every sub-command, under its heading in the help: a new one is a line here. */
const SUB_COMMANDS: SubCommands = [
  [
    "Describe a cluster:",
    cfgenCommand,
    factsCommand,
  ],
  [
    "Bring it up and operate it:",
    installCommand,
    bootstrapCommand,
    shutdownCommand,
    startCommand,
    bootstrapNodeCommand,
    devCommand,
    statusCommand,
    entrypointCommand,
    checkServiceCommand,
    eventCommand,
    timeoutCommand,
    watchServiceCommand,
    watchBqCommand,
  ],
  [
    "Services on a node:",
    haxCommand,
    rcCommand,
    consulConfCommand,
    consulEnvCommand,
  ],
  [
    "Small tools:",
    nextCommand,
    epochCommand,
    fidCommand,
    m0crateConfCommand,
    completionsCommand,
  ],
];

/** What a program is made of, besides its world. */
export interface ProgramOptions {
  /** What the binary was built from; `undefined` when run from source. */
  readonly commit?: string | undefined;
  /** {@default every sub-command of Hare} */
  readonly subCommands?: SubCommands;
}

/** The program with its sub-commands. */
export function makeProgram(context: Context, options: ProgramOptions = {}): CommandUnknownOpts {
  const program = command("hare")
    .description("Runs a Mero cluster on Consul: describe it, bring it up, watch it, operate it.")
    .version(versionText(options.commit), "-V, --version", "print version, commit and target")
    .option("--verbose", "log more, and show what an error came from")
    .option("--log-json", "log one JSON object a line")
    .addHelpText("after", examples(["hare COMMAND --help", "what a command does and takes"]));
  for (const [heading, ...makers] of options.subCommands ?? SUB_COMMANDS) {
    program.commandsGroup(heading);
    for (const make of makers) program.addCommand(make(context));
  }
  program.addCommand(completeCommand(context), { hidden: true });
  program.addCommand(preflightCommand(context), { hidden: true });
  program.addCommand(inspectStorageCommand(context), { hidden: true });
  program.addCommand(restartDelayCommand(context), { hidden: true });
  return program;
}

/**
 * Runs one command line to its end; errors are printed.
 *
 * @param args the arguments, without the program's own name
 * @returns the exit status
 */
export async function runProgram(
  args: readonly string[],
  world: World,
  options: ProgramOptions = {},
): Promise<number> {
  let status: number = ExitStatus.done;
  let logs = false;
  const context: Context = {
    ...world,
    commit: options.commit,
    setExitStatus: (value) => void (status = value),
  };
  const program = makeProgram(context, options);
  const said = listenTo(program, context);
  const flag = (name: string): boolean => program.getOptionValue(name) === true;
  program.hook("preAction", (_, running) => {
    said.by = pathOf(running);
    logs = true;
    return configureLog({ level: flag("verbose") ? "debug" : "info", json: flag("logJson") });
  });
  try {
    await parse(program, args, said, context);
    return status;
  } catch (thrown) {
    // Like grep and ripgrep: the result so far is valid, and with `pipefail`, `hare status | head`
    // does not fail. (It would fail with 141, the exit status after SIGPIPE.)
    if (thrown instanceof OutputClosed) return status;
    const { aborted, reason } = world.signal;
    // An abort comes up in many forms; the signal knows what it was.
    const error: unknown = aborted && !(thrown instanceof HareError) ? reason : thrown;
    const seeAlso = error instanceof UsageError ? `${said.by} --help` : undefined;
    // Whoever has asked for a log of JSON lines reads standard error by program.
    if (logs && flag("logJson")) logError(error);
    else await context.stderr({ lines: errorLines(error, { verbose: flag("verbose"), seeAlso }) });
    if (aborted && reason instanceof HareError) return reason.exitStatus;
    return error instanceof HareError ? error.exitStatus : ExitStatus.failed;
  }
}

/** Runs the action; or prints the help or version that were asked for. */
async function parse(
  program: CommandUnknownOpts,
  args: readonly string[],
  said: Said,
  context: Context,
): Promise<void> {
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (said.out !== "") await context.stdout({ lines: linesIn(said.out) });
    if (error.exitCode === 0) return;
    if (said.err !== "") await context.stderr({ lines: linesIn(said.err) });
    throw asUsageError(error);
  }
}

/** What the library has said, and which command said it. */
interface Said {
  out: string;
  err: string;
  by: string;
}

/** The library's output is kept until it can be written in full; it never ends the process. */
function listenTo(program: CommandUnknownOpts, { terminal }: Context): Said {
  const said: Said = { out: "", err: "", by: program.name() };
  const adopt = (command: CommandUnknownOpts): void => {
    command
      .configureOutput({
        writeOut: (text) => said.out += text,
        writeErr: (text) => said.err += text,
        outputError: () => {}, // the error carries the text
        getOutHelpWidth: () => Math.min(terminal.columns, 100),
        getErrHelpWidth: () => Math.min(terminal.columns, 100),
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      })
      .exitOverride((error) => {
        said.by = pathOf(command);
        throw error;
      });
    command.commands.forEach(adopt);
  };
  adopt(program);
  return said;
}

/** `hare dev up`. */
function pathOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

const SUGGESTION = /\n\((Did you mean .*\?)\)$/;

/** The library's words as ours: without its prefix, its guess as the hint. */
function asUsageError(error: CommanderError): UsageError {
  if (error.code === "commander.help") return new UsageError("a command is missing");
  const guess = SUGGESTION.exec(error.message)?.[1];
  const message = error.message.replace(SUGGESTION, "").replace(/^error: (command-argument )?/, "")
    .replace(/\.$/, "");
  return new UsageError(message, {
    hint: guess === undefined ? undefined : guess.replace("Did", "did"),
  });
}
