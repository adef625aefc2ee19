/**
 * What Consul's service IDs say: a process fid, whole or as its bare key in decimal (spec:
 * halink.md).
 *
 * @module
 */

import { type Fid, FidSyntaxError, makeFid, parseFid } from "../lib/fid.ts";

/**
 * The process that `text` names: `0x7200000000000001:0x9`, or `9`.
 *
 * @throws {FidSyntaxError} when it is neither
 *
 * @example
 * ```ts
 * import { formatFid } from "../lib/fid.ts";
 * import { processOfServiceId } from "./service_id.ts";
 *
 * if (formatFid(processOfServiceId("10")) !== "0x7200000000000001:0xa") throw new Error("wrong");
 * ```
 */
export function processOfServiceId(text: string): Fid {
  if (!/^\d{1,19}$/.test(text)) return parseFid(text);
  return makeFid("process", BigInt(text));
}

/** As {@linkcode processOfServiceId}, with `null` for a text that names no process. */
export function processOfServiceIdIfAny(text: string): Fid | null {
  try {
    return processOfServiceId(text);
  } catch (error) {
    if (error instanceof FidSyntaxError) return null;
    throw error;
  }
}
