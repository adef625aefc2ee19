/**
 * `hare/profile`: the profile that all pools belong to, which a Mero client must name. Written by
 * the import; Mero itself reads `confd.xc`.
 *
 * @module
 */

import { type Fid, formatFid } from "../lib/fid.ts";
import { fidSchema } from "./broadcast.ts";
import type { KeyValue } from "./errors.ts";
import { parseValue } from "./parse_value.ts";

/** The profile of the configuration. */
export const PROFILE = "hare/profile";

/**
 * Reads the value of the key.
 *
 * @throws {KvValueError} when it is no fid
 */
export function parseProfile(entry: KeyValue): Fid {
  return parseValue(fidSchema, entry);
}

/**
 * Writes the value of the key.
 *
 * @example
 * ```ts
 * import { formatProfile, parseProfile, PROFILE } from "./profile.ts";
 * import { makeFid } from "../lib/fid.ts";
 *
 * const value = formatProfile(makeFid("profile", 77));
 * if (value !== "0x7000000000000001:0x4d") throw new Error(value);
 * if (parseProfile({ key: PROFILE, value }).key !== 77n) throw new Error("lost");
 * ```
 */
export function formatProfile(profile: Fid): string {
  return formatFid(profile);
}
