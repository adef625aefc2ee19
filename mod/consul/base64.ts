/**
 * Consul carries values as Base64 of their bytes; Hare's values are UTF-8 text.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "../lib/std/encoding.ts";

// deno-lint-ignore no-control-regex -- the range of ASCII is what is asked for
const ASCII = /^[\x00-\x7f]*$/;
// A byte order mark at the start belongs to the value: it is not dropped.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The text of a value as Consul sends it. Bytes that are not UTF-8 become U+FFFD, so that one
 * foreign value does not spoil a whole list; what then does not parse is reported by its reader.
 *
 * @throws {DOMException} when `encoded` is not Base64
 */
export function textFromBase64(encoded: string): string {
  const binary = atob(encoded);
  return ASCII.test(binary) ? binary : utf8.decode(decodeBase64(encoded));
}

/** Whether the bytes that `encoded` stands for are UTF-8 text. */
export function isText(encoded: string): boolean {
  try {
    strictUtf8.decode(decodeBase64(encoded));
    return true;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
}

/** Base64 of the UTF-8 bytes of `text`. */
export function base64FromText(text: string): string {
  return encodeBase64(text);
}
