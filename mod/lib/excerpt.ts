/**
 * The beginning of a text that may be long.
 *
 * @module
 */

/**
 * The text, or its beginning and an ellipsis where it is longer than `maxLength`.
 *
 * @param maxLength in UTF-16 units, without the ellipsis
 *
 * @example
 * ```ts
 * import { excerpt } from "./excerpt.ts";
 *
 * if (excerpt("node", 4) !== "node" || excerpt("nodes", 4) !== "node…") throw new Error("wrong");
 * ```
 */
export function excerpt(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
