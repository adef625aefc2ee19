/**
 * Dead letters: the value of `eq-rejected/<epoch>`, which keeps an event that could not be handled.
 *
 * An event may have any bytes, up to Consul's limit for a value. JSON encodes some bytes as six,
 * and Base64 encodes three bytes as four. The request has a limit of its own, and also carries the
 * event's record. So sizes are bounded after JSON has escaped the text. For a Consul with lower
 * limits there are smaller {@linkcode FORMS}.
 *
 * @module
 */

import * as z from "zod";
import { MAX_VALUE_BYTES } from "../consul/mod.ts";
import { excerpt } from "../lib/excerpt.ts";
import { jsonText } from "../lib/json_text.ts";
import { sha256Of } from "../lib/sha256.ts";
import { decodeBase64 } from "../lib/std/encoding.ts";
import type { QueueEntry } from "./queue_reading.ts";
import { visible } from "../lib/visible.ts";

/**
 * Maximum length of an event as JSON, in bytes, in each form of a dead letter, in the order of the
 * attempts: as much as a transaction can hold, less, and only the event's digest and length.
 */
export const FORMS = [(MAX_VALUE_BYTES * 3) / 4 - 32 * 1024, 32 * 1024, 0] as const;

/** Maximum length of a text from outside in a log line or a reason. */
const MAX_SHOWN = 1000;

/** The rejected entry of the queue, or timeout. */
export type Rejected = Pick<QueueEntry, "key" | "text" | "binary">;

/**
 * The dead letter of a rejected event, as JSON: `event`, `reason`, `time`. If the event does not
 * fit, or is not UTF-8, `event` has as much as can be shown, and `key`, `bytes` and `sha256`
 * identify it.
 *
 * @param form index in {@linkcode FORMS}
 */
export async function rejectedValue(
  { key, text, binary }: Rejected,
  reason: string,
  now: Date,
  form = 0,
): Promise<string> {
  const event = fitting(text, FORMS[form] ?? 0);
  const letter = { event, reason: shown(reason), time: now.toISOString() };
  if (event === text && binary === undefined) return JSON.stringify(letter);
  const bytes = binary === undefined ? new TextEncoder().encode(text) : decodeBase64(binary);
  const sha256 = await sha256Of(new Uint8Array(bytes));
  return JSON.stringify({ ...letter, key, bytes: bytes.length, sha256 });
}

/** The longest beginning of `text` with at most `maxBytes` bytes as a JSON string. */
function fitting(text: string, maxBytes: number): string {
  const fits = (length: number) => bytesAsJson(text.slice(0, length)) <= maxBytes;
  if (text.length <= maxBytes && fits(text.length)) return text;
  let low = 0;
  let high = Math.min(text.length, maxBytes);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  // Do not split a character.
  return text.slice(0, low).replace(/[\ud800-\udbff]$/, "");
}

function bytesAsJson(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length - '""'.length;
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
  return visible(excerpt(event, MAX_SHOWN));
}
