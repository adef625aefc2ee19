/**
 * Lines for people, and the only code that converts them to text: it escapes values, then adds
 * styles.
 *
 * @module
 */

import { visible } from "./visible.ts";

/** How a piece of text looks. */
export type Style = "plain" | "strong" | "faint" | "good" | "doubtful" | "bad";

/** Text that has a style. */
export interface StyledText {
  readonly text: string;
  readonly style: Style;
}

/** A part of a line: text, perhaps with a style. */
export type Piece = string | StyledText;

/** One line without its end, whole or in pieces. A line end in its text is shown escaped. */
export type Line = string | readonly Piece[];

/** Select Graphic Rendition parameters (ECMA-48), which every terminal knows. */
const SGR: Readonly<Record<Exclude<Style, "plain">, string>> = {
  strong: "1",
  faint: "2",
  good: "32",
  doubtful: "33",
  bad: "1;31",
};

/**
 * The text of lines, each with its end.
 *
 * @param colours whether styles are shown
 *
 * @example
 * ```ts
 * import { linesText } from "./lines.ts";
 *
 * const line = ["state: ", { text: "ok\x1b[2J", style: "good" }] as const;
 * const [plain, coloured] = [linesText([line]), linesText([line], true)];
 * if (plain !== "state: ok\\u001b[2J\n") throw new Error(plain);
 * if (coloured !== "state: \x1b[32mok\\u001b[2J\x1b[0m\n") throw new Error(coloured);
 * ```
 */
export function linesText(lines: readonly Line[], colours = false): string {
  return lines.map((line) => `${lineText(line, colours)}\n`).join("");
}

/** The text of one line, without its end. */
export function lineText(line: Line, colours = false): string {
  const pieces = typeof line === "string" ? [line] : line;
  return pieces.map((piece) => pieceText(piece, colours)).join("");
}

function pieceText(piece: Piece, colours: boolean): string {
  const { text, style } = typeof piece === "string"
    ? { text: piece, style: "plain" } as const
    : piece;
  const shown = visible(text);
  return !colours || style === "plain" || shown === ""
    ? shown
    : `\x1b[${SGR[style]}m${shown}\x1b[0m`;
}

/**
 * The lines of a text of several lines that the program itself has made.
 *
 * @example
 * ```ts
 * import { linesIn } from "./lines.ts";
 *
 * if (linesIn("a\n\nb\n").length !== 3 || linesIn("").length !== 0) throw new Error("wrong");
 * ```
 */
export function linesIn(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
