/**
 * Name-based UUIDs (RFC 9562, version 5): the same name gives the same identifier on any machine,
 * so that a node keeps its Consul node id over reboots and reinstallation (spec: lessons.md,
 * Identity).
 *
 * @module
 */

import { encodeHex } from "./std/encoding.ts";

/** Hare's own namespace for names of nodes. */
const NAMESPACE = [
  ...[0x6f, 0x1d, 0x5c, 0x2e, 0x8a, 0x0b, 0x4c, 0x7d],
  ...[0x9b, 0x55, 0x21, 0x77, 0x3e, 0xd0, 0x41, 0x0a],
];

/**
 * The version 5 UUID of `name` in Hare's namespace.
 *
 * @example
 * ```ts
 * import { uuidOf } from "./uuid.ts";
 *
 * if (await uuidOf("ssc-vm1") !== await uuidOf("ssc-vm1")) throw new Error("not stable");
 * ```
 */
export async function uuidOf(name: string): Promise<string> {
  const data = new Uint8Array([...NAMESPACE, ...new TextEncoder().encode(name)]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", data)).slice(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = encodeHex(hash);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}
