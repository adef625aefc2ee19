/**
 * Entries of the broadcast queue: HA states that every node's hax is to tell its Mero processes, in
 * order (spec: rc.md, Broadcast queue).
 *
 * The coordinator's leader puts entries there and removes those that every hax has seen. It keeps
 * at most {@linkcode MAX_BROADCASTS}: a hax whose position (`bq-seen/<node>`) is older than the
 * first entry was away too long, and reads the present states in place of what it missed.
 *
 * @module
 */

import * as z from "zod";
import { type Fid, FidSyntaxError, formatFid, parseFid } from "../lib/fid.ts";
import { jsonText } from "../lib/json_text.ts";
import type { KeyValue } from "./errors.ts";
import { parseValue } from "./parse_value.ts";

/** States of Mero's objects, by their numbers in Mero. */
export const HA_STATES = [
  "unknown",
  "online",
  "failed",
  "transient",
  "repair",
  "repaired",
  "rebalance",
] as const;

/** State of an object. */
export type HaState = (typeof HA_STATES)[number];

/** Entries that the queue holds at most. */
export const MAX_BROADCASTS = 10_000;

/** An object, and the state that it now has. */
export interface Broadcast {
  readonly fid: Fid;
  readonly state: HaState;
}

/** A fid as text. */
export const fidSchema: z.ZodType<Fid, string> = z.string().transform((text, context) => {
  try {
    return parseFid(text);
  } catch (error) {
    if (!(error instanceof FidSyntaxError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

const broadcastSchema = jsonText(z.object({ fid: fidSchema, state: z.enum(HA_STATES) }));

/**
 * Reads the value of a `bq/` key.
 *
 * @throws {KvValueError} when it is no broadcast
 */
export function parseBroadcast(entry: KeyValue): Broadcast {
  return parseValue(broadcastSchema, entry);
}

/**
 * Writes the value of a `bq/` key.
 *
 * @example
 * ```ts
 * import { formatBroadcast, parseBroadcast } from "./broadcast.ts";
 * import { makeFid } from "../lib/fid.ts";
 *
 * const value = formatBroadcast({ fid: makeFid("drive", 17), state: "failed" });
 * if (value !== '{"fid":"0x6b00000000000001:0x11","state":"failed"}') throw new Error(value);
 * if (parseBroadcast({ key: "bq/000000001", value }).state !== "failed") throw new Error("lost");
 * ```
 */
export function formatBroadcast({ fid, state }: Broadcast): string {
  return JSON.stringify({ fid: formatFid(fid), state });
}
