/**
 * Text from outside made safe to show: no character of it can move the cursor, change the
 * terminal's state, begin a line, or change the direction of the text around it.
 *
 * @module
 */

/**
 * Control characters, line and paragraph separators, lone surrogates, and format characters, which
 * include the characters that reorder text. The zero-width joiners stay: scripts and emoji need
 * them.
 */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A value as a part of one line: what a terminal would not show as a character is escaped, line
 * ends too. Text without such characters stays as it is.
 *
 * @example
 * ```ts
 * import { visible } from "./visible.ts";
 *
 * if (visible("a\x1b[2J\nb") !== "a\\u001b[2J\\nb") throw new Error("wrong");
 * ```
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/**
 * Text of several lines for a terminal: as {@linkcode visible}, but line ends and tabs stay.
 *
 * @example
 * ```ts
 * import { visibleLines } from "./visible.ts";
 *
 * if (visibleLines("a\tb\x07\n") !== "a\tb\\u0007\n") throw new Error("wrong");
 * ```
 */
export function visibleLines(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => character === "\n" || character === "\t" ? character : escaped(character),
  );
}

/**
 * JSON text without characters that a terminal interprets: JSON's own escapes stand for them, so
 * the value stays the same.
 *
 * @param space as of `JSON.stringify`
 *
 * @example
 * ```ts
 * import { visibleJson } from "./visible.ts";
 *
 * const text = visibleJson({ csi: "\x9b" });
 * if (text !== '{"csi":"\\u009b"}') throw new Error(text);
 * ```
 */
export function visibleJson(value: unknown, space?: number): string {
  return escapeJson(JSON.stringify(value, null, space));
}

/** The same for JSON text that another program has made: blank space between values stays. */
export function escapeJson(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => /[\n\r\t]/.test(character) ? character : utf16Escaped(character),
  );
}

function escaped(character: string): string {
  return SHORT[character] ?? utf16Escaped(character);
}

/** `\u001b`; a character of two UTF-16 units becomes two escapes, as in JSON. */
function utf16Escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Characters that take no column of their own. */
const NO_COLUMN = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** East Asian wide and fullwidth characters, and emoji. */
const TWO_COLUMNS =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/**
 * How many columns of a terminal a text takes that {@linkcode visible} has made.
 *
 * @example
 * ```ts
 * import { columnsOf } from "./visible.ts";
 *
 * if (columnsOf("e\u0301") !== 1 || columnsOf("節点") !== 4) throw new Error("wrong");
 * ```
 */
export function columnsOf(text: string): number {
  // deno-lint-ignore no-control-regex -- ASCII is the usual case, and has no wide characters
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (!NO_COLUMN.test(character)) columns += TWO_COLUMNS.test(character) ? 2 : 1;
  }
  return columns;
}

/**
 * The beginning of a text that fits into so many columns, with an ellipsis where something is cut
 * off.
 *
 * @example
 * ```ts
 * import { fitted } from "./visible.ts";
 *
 * if (fitted("節点節点", 5) !== "節点…" || fitted("node", 4) !== "node") throw new Error("wrong");
 * ```
 */
export function fitted(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let shown = "";
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
