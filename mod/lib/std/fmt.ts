/**
 * Deno std's `fmt`, with types: the package that carries it here has none.
 *
 * @module
 */

// @ts-types="./fmt.d.ts"
export { format as formatBytes } from "@std/fmt/bytes.js";
// @ts-types="./fmt.d.ts"
export { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors.js";
