/**
 * Tables for people: columns as wide as their widest cell.
 *
 * @module
 */

import { type Paint, painter, type Style } from "./paint.ts";

/** Text that has a style. */
export interface StyledText {
  readonly text: string;
  readonly style: Style;
}

/** A cell: text, perhaps with a style. */
export type Cell = string | StyledText;

/** Options of {@linkcode tableLines}. */
export interface TableOptions {
  /** {@default no colours} */
  readonly paint?: Paint;
}

/**
 * The lines of a table. Columns stand two spaces apart; the last cell of a row is not padded, so
 * that no line ends in spaces.
 *
 * @example
 * ```ts
 * import { tableLines } from "./table.ts";
 *
 * const lines = tableLines([["a", "1"], ["long", "2"]]);
 * if (lines.join("|") !== "a     1|long  2") throw new Error(lines.join("|"));
 * ```
 */
export function tableLines(
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): readonly string[] {
  const paint = options.paint ?? painter(false);
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, textOf(cell).length));
  }
  return rows.map((row) => {
    const used = row.findLastIndex((cell) => textOf(cell) !== "") + 1;
    return row.slice(0, used).map((cell, i) => {
      const text = textOf(cell);
      const padding = i === used - 1 ? "" : " ".repeat((widths[i] ?? 0) - text.length);
      return paint(typeof cell === "string" ? "plain" : cell.style, text) + padding;
    }).join("  ");
  });
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}
