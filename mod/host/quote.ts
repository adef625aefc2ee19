/**
 * Words for a remote shell. OpenSSH joins what it is to run into one line and hands that to the
 * login shell on the other side, which may be any: bash, dash, zsh, fish, tcsh. This is the one
 * place where Hare writes such a line.
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

/**
 * A line for which every login shell runs the program `words`, whatever is in them.
 *
 * Shells agree on text between single quotes that has no quote, backslash before one of those two,
 * exclamation mark (the history of csh) or line break. So `words` go as octal numbers where they
 * have such characters, and `/bin/sh` puts them together again.
 *
 * @throws {HareError} when a word contains a NUL, which no argument can
 */
export function loginShellLine(words: readonly string[]): string {
  const command = `exec ${quoteForSh(words)}`;
  return `/bin/sh -c '${DECODE}' hare '${inOctal(command)}'`;
}

const DECODE = 'LC_ALL=C; export LC_ALL; eval "$(printf %b "$1")"';

/** `text` in the notation of `printf %b`, made of characters that mean nothing to any shell. */
function inOctal(text: string): string {
  const safe = /[A-Za-z0-9 _.,:;/@%+=-]/;
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    return safe.test(character) ? character : `\\0${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}

function quoteWord(word: string): string {
  if (word.includes("\0")) {
    throw new HareError(`${JSON.stringify(word)} cannot be an argument: it contains a NUL`);
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
