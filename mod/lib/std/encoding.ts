/**
 * Deno std's `encoding`, with types: the package that carries it here has none.
 *
 * @module
 */

// @ts-types="./encoding.d.ts"
export { decodeBase64, encodeBase64 } from "@std/encoding/base64.js";
// @ts-types="./encoding.d.ts"
export { encodeHex } from "@std/encoding/hex.js";
