/**
 * Paths that a shell pattern would match, made up.
 *
 * @module
 */

/**
 * At most `limit` different paths that `glob` matches, in a fixed order.
 *
 * @example
 * ```ts
 * import { pathsLike } from "./glob.ts";
 *
 * const paths = pathsLike("/dev/sd[b-d]", 10);
 * if (paths.join() !== "/dev/sdb,/dev/sdc,/dev/sdd") throw new Error(paths.join());
 * ```
 */
export function pathsLike(glob: string, limit: number): readonly string[] {
  const choices = [...glob.matchAll(PIECE)].map(([piece]) => choicesFor(piece, limit));
  const varied = choices.some(({ wild, texts }) => !wild && texts.length > 1);
  let paths = [""];
  for (const { wild, texts } of choices) {
    const taken = wild && varied ? [""] : texts; // a star may match nothing
    paths = paths.flatMap((path) => taken.map((text) => path + text)).slice(0, limit);
  }
  return [...new Set(paths)];
}

const PIECE = /\[!?\]?[^\]]*\]|\{[^{}]*\}|\*+|\?|\\.|[^[{*?\\]+|./gsu;

/** What one piece of a pattern may stand for. */
interface Choices {
  readonly wild: boolean;
  readonly texts: readonly string[];
}

function choicesFor(piece: string, limit: number): Choices {
  const numbers = Array.from({ length: limit }, (_, i) => i.toString());
  if (piece.startsWith("*")) return { wild: true, texts: numbers };
  if (piece === "?") return { wild: false, texts: [...DIGITS_AND_LETTERS] };
  if (/^\{.*\}$/s.test(piece)) return { wild: false, texts: piece.slice(1, -1).split(",") };
  if (/^\[.+\]$/s.test(piece)) return { wild: false, texts: charactersOf(piece.slice(1, -1)) };
  return { wild: false, texts: [piece.replace(/^\\(?=.)/s, "")] };
}

const DIGITS_AND_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** The characters of a set like `a-f0` or `!a-f`. */
function charactersOf(set: string): readonly string[] {
  const negated = set.startsWith("!");
  const listed = [...(negated ? set.slice(1) : set).matchAll(/(.)-(.)|./gsu)].flatMap(
    ([character, from, to]) =>
      from === undefined || to === undefined ? [character] : range(from, to),
  );
  if (!negated) return [...new Set(listed)];
  return [...DIGITS_AND_LETTERS].filter((character) => !listed.includes(character));
}

function range(from: string, to: string): readonly string[] {
  const [first, last] = [from.charCodeAt(0), to.charCodeAt(0)];
  const length = Math.max(0, last - first + 1);
  return Array.from({ length }, (_, i) => String.fromCharCode(first + i));
}
