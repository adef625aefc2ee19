/**
 * What is kept of an event that could not be handled: the value of `eq-rejected/<epoch>`.
 *
 * @module
 */

import * as z from "zod";
import { MAX_VALUE_BYTES } from "../consul/mod.ts";
import { jsonText } from "../lib/json_text.ts";

/** Of a larger event only the beginning is kept, so that it fits into one transaction. */
const MAX_KEPT_BYTES = MAX_VALUE_BYTES / 4;
/** A log line holds no more of an event. */
const MAX_SHOWN = 1000;

/**
 * The value under which a rejected event is kept, as JSON: `event`, `reason`, `time`, and `bytes`,
 * its whole size, where only its beginning is kept.
 *
 * @param now milliseconds since the Unix epoch
 */
export function rejectedValue(event: string, reason: string, now: number): string {
  const bytes = new TextEncoder().encode(event);
  const whole = bytes.length <= MAX_KEPT_BYTES;
  return JSON.stringify({
    // A character that is cut through ends as U+FFFD.
    event: whole ? event : new TextDecoder().decode(bytes.slice(0, MAX_KEPT_BYTES)),
    reason,
    time: new Date(now).toISOString(),
    ...(whole ? {} : { bytes: bytes.length }),
  });
}

const rejectedSchema = jsonText(z.object({
  event: z.string(),
  reason: z.string(),
  time: z.string(),
  bytes: z.number().optional(),
}));

/** Reads such a value; one that somebody typed by hand is an event without a reason. */
export function parseRejected(value: string): z.infer<typeof rejectedSchema> {
  const result = rejectedSchema.safeParse(value);
  return result.success ? result.data : { event: value, reason: "not told", time: "" };
}

/** An event as it is shown in a log line: on one line, and not too long. */
export function shown(event: string): string {
  const text = event.length <= MAX_SHOWN ? event : `${event.slice(0, MAX_SHOWN)}…`;
  // deno-lint-ignore no-control-regex -- they are what must not reach a terminal
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => JSON.stringify(c).slice(1, -1));
}
