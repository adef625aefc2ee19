/**
 * What each sub-command is made of. With `program.ts` this is all that Hare uses of the
 * command-line library.
 *
 * @module
 */

import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { HareError } from "../lib/errors.ts";

export {
  Argument,
  type Command,
  type CommandUnknownOpts,
  InvalidArgumentError,
  Option,
} from "@commander-js/extra-typings";

/**
 * A command that is set up as all of Hare's are; add arguments, options and an action to it.
 *
 * @example
 * ```ts
 * import { command, examples } from "./command.ts";
 *
 * const greet = command("greet")
 *   .description("say hello")
 *   .argument("<who>", "whom to greet")
 *   .addHelpText("after", examples(["hare greet world", "greets the world"]));
 * if (!greet.helpInformation().includes("<who>")) throw new Error("no argument in the help");
 * ```
 */
export function command(name: string): Command {
  return new Command(name)
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true });
}

/**
 * Text for `addHelpText("after", …)`: what a user may type, and what it does.
 *
 * @param lines each a command line, and optionally what it does
 */
export function examples(...lines: readonly (readonly [line: string, does?: string])[]): string {
  const width = Math.max(...lines.map(([line]) => line.length));
  const shown = lines.map(([line, does]) =>
    does === undefined ? `  $ ${line}` : `  $ ${line.padEnd(width)}  # ${does}`
  );
  return ["", lines.length === 1 ? "Example:" : "Examples:", ...shown].join("\n");
}

/**
 * A parser for an option's value; what it refuses is wrong usage.
 *
 * @param parse throws a {@linkcode HareError} for a text that is no such value
 */
export function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof HareError)) throw error;
      const hint = error.hint === undefined ? "" : `: ${error.hint}`;
      throw new InvalidArgumentError(`${error.message}${hint}`);
    }
  };
}
