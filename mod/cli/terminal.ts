/**
 * Determines the properties of the terminal from the environment and the terminal itself.
 *
 * @module
 */

import type { Terminal } from "./context.ts";

/** Columns if the width is unknown: a file, a pipe, a terminal that reports 0. */
const DEFAULT_COLUMNS = 80;

/**
 * Minimum width: lines for narrower terminals have this width, because no layout fits into less.
 */
const MIN_COLUMNS = 20;

/** Input of {@linkcode terminalOf}. */
export interface TerminalFacts {
  readonly env: (name: string) => string | undefined;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal; throws if it is unknown. */
  readonly columns: () => number;
}

/**
 * A {@linkcode Terminal}. `NO_COLOR` disables colours; otherwise `CLICOLOR_FORCE` enables them,
 * also in pipes; otherwise they are enabled on a terminal, except with `TERM=dumb`.
 *
 * @example
 * ```ts
 * import { terminalOf } from "./terminal.ts";
 *
 * const facts = { env: () => undefined, stdoutIsTerminal: true, stderrIsTerminal: true };
 * if (terminalOf({ ...facts, columns: () => 0 }).columns !== 80) throw new Error("wrong");
 * ```
 */
export function terminalOf(facts: TerminalFacts): Terminal {
  const { env, stdoutIsTerminal, stderrIsTerminal } = facts;
  const isSet = (name: string) => (env(name) ?? "") !== "";
  const isDumb = env("TERM") === "dumb";
  const isForced = isSet("CLICOLOR_FORCE") && env("CLICOLOR_FORCE") !== "0";
  return {
    isTerminal: stdoutIsTerminal,
    colours: !isSet("NO_COLOR") && (isForced || (stdoutIsTerminal && !isDumb)),
    showsStatus: stderrIsTerminal && !isDumb,
    get columns() {
      return stdoutIsTerminal ? columnsFrom(facts.columns) : DEFAULT_COLUMNS;
    },
    get statusColumns() {
      return stderrIsTerminal ? columnsFrom(facts.columns) : DEFAULT_COLUMNS;
    },
  };
}

/** This process's terminal. */
export function systemTerminal(env: TerminalFacts["env"]): Terminal {
  return terminalOf({
    env,
    stdoutIsTerminal: Deno.stdout.isTerminal(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
    columns: () => Deno.consoleSize().columns,
  });
}

function columnsFrom(read: () => number): number {
  let columns = 0;
  try {
    columns = read();
  } catch (error) {
    if (!(error instanceof Error)) throw error; // a terminal without a size
  }
  return columns > 0 ? Math.max(columns, MIN_COLUMNS) : DEFAULT_COLUMNS;
}
