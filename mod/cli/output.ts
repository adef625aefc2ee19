/**
 * The kinds of output of a command, and the only code that converts output to text. It escapes text
 * from outside (names, reasons, output of other programs). No other code writes to standard output,
 * and only the log also writes to standard error.
 *
 * @module
 */

import { type Line, linesText, lineText } from "../lib/lines.ts";
import { visibleJson, visibleLines } from "../lib/visible.ts";

/** A piece of output. */
export type Output =
  /** For people: line ends and control characters in a line are shown escaped. */
  | { readonly lines: readonly Line[] }
  /** One JSON value, indented. */
  | { readonly json: unknown }
  /** One JSON value on one line. */
  | { readonly jsonLine: unknown }
  /**
   * Text for another program: printed unchanged into a file or a pipe; on a terminal, control
   * characters are escaped.
   */
  | { readonly verbatim: string }
  /** The line that replaces itself, on a terminal; an empty one makes room for other lines. */
  | { readonly status: Line };

/** Where it is printed. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Styles are shown. */
  readonly colours: boolean;
}

/** To the beginning of the line, which is then erased (ECMA-48). */
const CLEAR_LINE = "\r\x1b[2K";

/**
 * The text that is written.
 *
 * @example
 * ```ts
 * import { outputText } from "./output.ts";
 *
 * const screen = { isTerminal: true, colours: false };
 * const text = outputText({ lines: ["node\x1b[2J"] }, screen);
 * if (text !== "node\\u001b[2J\n") throw new Error(text);
 * ```
 */
export function outputText(output: Output, { isTerminal, colours }: Screen): string {
  if ("lines" in output) return linesText(output.lines, colours);
  if ("json" in output) return `${visibleJson(output.json, 2)}\n`;
  if ("jsonLine" in output) return `${visibleJson(output.jsonLine)}\n`;
  if ("status" in output) return CLEAR_LINE + lineText(output.status, colours);
  return isTerminal ? visibleLines(output.verbatim) : output.verbatim;
}
