/**
 * Deno std's `path`, with types: the package that carries it here has none.
 *
 * @module
 */

// @ts-types="./path.d.ts"
export { basename } from "@std/path/basename.js";
// @ts-types="./path.d.ts"
export { dirname } from "@std/path/dirname.js";
// @ts-types="./path.d.ts"
export { globToRegExp } from "@std/path/glob_to_regexp.js";
// @ts-types="./path.d.ts"
export { isAbsolute } from "@std/path/is_absolute.js";
// @ts-types="./path.d.ts"
export { join } from "@std/path/join.js";
// @ts-types="./path.d.ts"
export { resolve } from "@std/path/resolve.js";
