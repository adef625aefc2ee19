/**
 * Checksums.
 *
 * @module
 */

import { encodeHex } from "./std/encoding.ts";

/**
 * The SHA-256 of bytes, or of a text's UTF-8 bytes, in hexadecimal.
 *
 * @example
 * ```ts
 * import { sha256Of } from "./sha256.ts";
 *
 * const bytes = new TextEncoder().encode("node");
 * if (await sha256Of("node") !== await sha256Of(bytes)) throw new Error("wrong");
 * ```
 */
export async function sha256Of(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return encodeHex(await crypto.subtle.digest("SHA-256", bytes));
}
