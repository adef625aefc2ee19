/**
 * What the two notations of configuration objects have in common.
 *
 * @module
 */

/** Lines that are joined at a time. */
const PORTION = 500;

/**
 * The texts of `items`, one after the other. A text put together from pieces becomes one only when
 * it is joined; joining portions early keeps the time and memory of large configurations low.
 */
export function concatenate<T>(
  items: readonly T[],
  textOf: (item: T, index: number) => string,
): string {
  const portions: string[] = [];
  for (let start = 0; start < items.length; start += PORTION) {
    const portion = items.slice(start, start + PORTION);
    portions.push(portion.map((item, i) => textOf(item, start + i)).join(""));
  }
  return portions.join("");
}

/**
 * A text as both notations quote it: a quote, a backslash, a dollar sign and control characters
 * are escaped, all else is kept.
 */
export function quote(text: string): string {
  return `"${text.replace(ESCAPED, escape)}"`;
}

// deno-lint-ignore no-control-regex -- these are what it is about
const ESCAPED = /["\\$\u0000-\u001f]/g;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escape(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  return SHORT[character] ?? `\\u${code}`;
}
