/**
 * Deno std's `collections`, with types: the package that carries it here has none.
 *
 * @module
 */

// @ts-types="./collections.d.ts"
export { chunk } from "@std/collections/chunk.js";
