/**
 * Words for a remote shell. OpenSSH joins what it is to run into one line and hands that to a
 * shell on the other side; this is the one place where Hare writes such a line.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";

/**
 * `words` as one line for sh, which takes it apart into the same words again, whatever is in them.
 *
 * Every word is quoted, also the harmless ones: a word like `--json` at the beginning of the line
 * would otherwise be taken for an option of ssh's own.
 *
 * @throws {HareError} when a word contains a NUL, which no argument can
 *
 * @example
 * ```ts
 * import { quoteForSh } from "./quote.ts";
 *
 * const line = quoteForSh(["echo", "it's $HOME"]);
 * if (line !== `'echo' 'it'\\''s $HOME'`) throw new Error(line);
 * ```
 */
export function quoteForSh(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word.includes("\0")) {
    throw new HareError(`${JSON.stringify(word)} cannot be an argument: it contains a NUL`);
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
