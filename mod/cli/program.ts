/**
 * The whole command line: the list of sub-commands, the options that all share, and what becomes
 * of an error.
 *
 * @module
 */

import { CommanderError } from "@commander-js/extra-typings";
import { ExitStatus, HareError, UsageError } from "../lib/errors.ts";
import { configureLog } from "../lib/log.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import { completeCommand } from "./complete.ts";
import { completionsCommand } from "./completions.ts";
import type { Context } from "./context.ts";
import { factsCommand } from "./facts.ts";
import { renderError } from "./printer.ts";
import { versionText } from "./version.ts";
import { OutputClosed, type World } from "./world.ts";

/** Makes one sub-command. */
type MakeCommand = (context: Context) => CommandUnknownOpts;

/** Every sub-command, under its heading in the help: a new one is a line here. */
const SUB_COMMANDS: readonly (readonly [heading: string, ...MakeCommand[]])[] = [
  [
    "Describe a cluster:",
    factsCommand,
  ],
  [
    "Bring it up and operate it:",
  ],
  [
    "Services on a node:",
  ],
  [
    "Small tools:",
    completionsCommand,
  ],
];

/** The program with all its sub-commands. */
export function makeProgram(context: Context, commit?: string): CommandUnknownOpts {
  const program = command("hare")
    .description("Runs a Mero cluster on Consul: describe it, bring it up, watch it, operate it.")
    .version(versionText(commit), "-V, --version", "print version, commit and target")
    .option("--verbose", "log more, and show what an error came from")
    .option("--log-json", "log one JSON object a line")
    .addHelpText("after", examples(["hare COMMAND --help", "what a command does and takes"]));
  for (const [heading, ...makers] of SUB_COMMANDS) {
    program.commandsGroup(heading);
    for (const make of makers) program.addCommand(make(context));
  }
  program.addCommand(completeCommand(context), { hidden: true });
  return program;
}

/**
 * Runs one command line to its end; errors are printed.
 *
 * @param args the arguments, without the program's own name
 * @param commit what the binary was built from; `undefined` when run from source
 * @returns the exit status
 */
export async function runProgram(
  args: readonly string[],
  world: World,
  commit?: string,
): Promise<number> {
  let status: number = ExitStatus.done;
  const context: Context = { ...world, setExitStatus: (value) => void (status = value) };
  const program = makeProgram(context, commit);
  const said = listenTo(program, context);
  program.hook("preAction", (_, running) => {
    said.by = pathOf(running);
    return configureLog({
      level: program.getOptionValue("verbose") === true ? "debug" : "info",
      json: program.getOptionValue("logJson") === true,
    });
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (thrown) {
    let error = thrown;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return await printed(context, said.out);
      await context.stderr(said.err);
      error = asUsageError(error);
    }
    if (error instanceof OutputClosed) return ExitStatus.done;
    if (world.signal.aborted && !(error instanceof HareError)) error = world.signal.reason;
    await context.stderr(renderError(error, {
      verbose: program.getOptionValue("verbose") === true,
      ...(error instanceof UsageError ? { seeAlso: `${said.by} --help` } : {}),
    }));
    return error instanceof HareError ? error.exitStatus : ExitStatus.failed;
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

/** Prints help or the version, which were asked for. */
async function printed(context: Context, text: string): Promise<number> {
  try {
    await context.stdout(text);
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
  return ExitStatus.done;
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
