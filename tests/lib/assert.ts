/**
 * Deno std's assertions, with types: the package that carries them here has none.
 *
 * @module
 */

// @ts-types="./assert.d.ts"
export { assert } from "@std/assert/assert.js";
// @ts-types="./assert.d.ts"
export { assertEquals } from "@std/assert/equals.js";
// @ts-types="./assert.d.ts"
export { assertMatch } from "@std/assert/match.js";
// @ts-types="./assert.d.ts"
export { assertNotEquals } from "@std/assert/not_equals.js";
// @ts-types="./assert.d.ts"
export { assertRejects } from "@std/assert/rejects.js";
// @ts-types="./assert.d.ts"
export { assertStringIncludes } from "@std/assert/string_includes.js";
// @ts-types="./assert.d.ts"
export { assertThrows } from "@std/assert/throws.js";
// @ts-types="./assert.d.ts"
export { fail } from "@std/assert/fail.js";
