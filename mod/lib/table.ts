/**
 * Tables for people: columns as wide as their widest cell.
 *
 * @module
 */

import type { Line, Piece } from "./lines.ts";
import { columnsOf, visible } from "./visible.ts";

/**
 * The lines of a table. Columns stand two spaces apart; the last cell of a row is not padded, so
 * that no line ends in spaces.
 *
 * @example
 * ```ts
 * import { linesText } from "./lines.ts";
 * import { tableLines } from "./table.ts";
 *
 * const text = linesText(tableLines([["a", "1"], ["long", "2"]]));
 * if (text !== "a     1\nlong  2\n") throw new Error(text);
 * ```
 */
export function tableLines(rows: readonly (readonly Piece[])[]): readonly Line[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, widthOf(cell)));
  }
  return rows.map((row) => {
    const used = row.findLastIndex((cell) => textOf(cell) !== "") + 1;
    return row.slice(0, used).flatMap((cell, i) =>
      i === used - 1 ? [cell] : [cell, " ".repeat((widths[i] ?? 0) - widthOf(cell) + 2)]
    );
  });
}

function textOf(cell: Piece): string {
  return typeof cell === "string" ? cell : cell.text;
}

/** The width of a cell as it is shown. */
function widthOf(cell: Piece): number {
  return columnsOf(visible(textOf(cell)));
}
