/**
 * What the two notations of configuration objects have in common.
 *
 * @module
 */

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
