/**
 * The difference of two texts, line by line, for people.
 *
 * @module
 */

import { linesIn } from "./lines.ts";

/** Unchanged lines shown around a change. */
const CONTEXT = 3;

/**
 * The lines of both texts: with `-` those of `before` only, with `+` those of `after` only, and a few
 * unchanged ones around them; `…` stands for the others. None when the texts are equal.
 *
 * @example
 * ```ts
 * import { lineDiff } from "./line_diff.ts";
 *
 * const lines = lineDiff("a\nb\n", "a\nc\n");
 * if (lines.join("|") !== " a|-b|+c") throw new Error(lines.join("|"));
 * ```
 */
export function lineDiff(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const lines = allLines(linesIn(before), linesIn(after));
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some((line) => !line.startsWith(" "))
  );
  return lines.flatMap((line, i) => isNear[i] ? [line] : isNear[i - 1] ?? i === 0 ? ["…"] : []);
}

/** A longest common subsequence is kept; what is not in it was removed, or added. */
function allLines(before: readonly string[], after: readonly string[]): readonly string[] {
  // common[i][j]: how many lines before[i…] and after[j…] have in common.
  const common = Array.from(
    { length: before.length + 1 },
    () => new Array<number>(after.length + 1).fill(0),
  );
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = common[i];
      if (row === undefined) continue;
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push(` ${before[i]}`);
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`-${before[i]}`);
      i += 1;
    } else {
      lines.push(`+${after[j]}`);
      j += 1;
    }
  }
  return lines;
}
