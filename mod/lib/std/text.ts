/**
 * Deno std's `text`, with types: the package that carries it here has none.
 *
 * @module
 */

// @ts-types="./text.d.ts"
export { closestString } from "@std/text/closest_string.js";
// @ts-types="./text.d.ts"
export { levenshteinDistance } from "@std/text/levenshtein_distance.js";
