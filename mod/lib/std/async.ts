/**
 * Deno std's `async`, with types: the package that carries it here has none.
 *
 * @module
 */

// @ts-types="./async.d.ts"
export { abortable } from "@std/async/abortable.js";
// @ts-types="./async.d.ts"
export { pooledMap } from "@std/async/pool.js";
