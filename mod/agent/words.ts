/**
 * Words in one line, quoted as systemd reads them: in `$NAME` of an `ExecStart=`, and in a variable
 * of an `EnvironmentFile=`. A shell reads what is written here in the same way.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";

/**
 * One line that {@linkcode splitWords} takes apart into the same words again.
 *
 * @throws {HareError} when a word holds a line break or a NUL, which such a line cannot carry
 *
 * @example
 * ```ts
 * import { joinWords, splitWords } from "./words.ts";
 *
 * const line = joinWords(["-node=a b", "-ui"]);
 * if (line !== '"-node=a b" -ui') throw new Error(line);
 * if (splitWords(line).length !== 2) throw new Error("taken apart in another way");
 * ```
 */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word)).join(" ");
}

/**
 * A text in double quotes, with a backslash where one is needed.
 *
 * @throws {HareError} when it holds a line break or a NUL
 */
export function quoted(text: string): string {
  if (/[\n\r\0]/.test(text)) {
    throw new HareError(`${JSON.stringify(text)} cannot be written on one line`);
  }
  return `"${text.replaceAll(/["\\$`]/g, "\\$&")}"`;
}

/**
 * Takes a line apart at its spaces; quotes of both kinds keep spaces, a backslash keeps the
 * character after it.
 *
 * @throws {HareError} when a quote is not closed, or nothing follows a backslash
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < line.length; i += 1) {
    const at = line.charAt(i);
    if (at === "\\") {
      i += 1;
      if (i === line.length) throw new HareError(`nothing follows the backslash: ${line}`);
      word = (word ?? "") + line.charAt(i);
    } else if (quote !== undefined) {
      if (at === quote) quote = undefined;
      else word += at;
    } else if (at === '"' || at === "'") {
      quote = at;
      word ??= "";
    } else if (/\s/.test(at)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + at;
    }
  }
  if (quote !== undefined) throw new HareError(`the quote ${quote} is not closed: ${line}`);
  return word === undefined ? words : [...words, word];
}
