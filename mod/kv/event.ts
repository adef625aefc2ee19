/**
 * Events: `<type>` or `<type> <JSON>`, as they stand in the EQ and in timeouts (spec: kv.md). One
 * module for those who write events and those who read them.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import { excerpt } from "../lib/excerpt.ts";

/** A value that JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** An event. */
export interface HareEvent {
  /** `wake_RC`, `process`, … */
  readonly type: string;
  /** What it carries, if anything. */
  readonly body?: Json;
}

/** A text is no event. */
export class EventSyntaxError extends HareError {
  override readonly name = "EventSyntaxError";
}

/** A type holds nothing that separates events or begins JSON. */
const TYPE = /^[^\s,"{}[\]]+$/;

/**
 * Reads one event.
 *
 * @throws {EventSyntaxError} when `text` is none
 *
 * @example
 * ```ts
 * import { parseEvent } from "./event.ts";
 *
 * const event = parseEvent('drive {"fid": "0x6b00000000000001:0x11", "state": "failed"}');
 * if (event.type !== "drive") throw new Error("wrong");
 * ```
 */
export function parseEvent(text: string): HareEvent {
  const [, type = "", json = ""] = /^(\S*)\s*(.*)$/s.exec(text.trim()) ?? [];
  if (!TYPE.test(type)) throw syntaxError(text, "it does not begin with a type");
  if (json === "") return { type };
  try {
    return { type, body: JSON.parse(json) };
  } catch (error) {
    throw syntaxError(text, `what follows the type is no JSON: ${messageOf(error)}`);
  }
}

/**
 * Writes an event.
 *
 * @throws {EventSyntaxError} when its type cannot be one
 */
export function formatEvent({ type, body }: HareEvent): string {
  if (!TYPE.test(type)) throw syntaxError(type, "a type has no spaces, commas, quotes or brackets");
  return body === undefined ? type : `${type} ${JSON.stringify(body)}`;
}

/**
 * The events of a timeout, which are separated by commas. Commas within an event's JSON separate
 * nothing. The events are not parsed: each is a text for {@linkcode parseEvent}.
 *
 * @example
 * ```ts
 * import { splitEvents } from "./event.ts";
 *
 * const events = splitEvents('tmo17, drive {"fid": "0x6b00000000000001:0x11", "state": "failed"}');
 * if (events.length !== 2 || events[0] !== "tmo17") throw new Error(events.join(" | "));
 * ```
 */
export function splitEvents(text: string): string[] {
  const events: string[] = [];
  let start = 0;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') {
      inString = true;
    } else if (c === "{" || c === "[") {
      depth++;
    } else if (c === "}" || c === "]") {
      depth--;
    } else if (c === "," && depth <= 0) {
      events.push(text.slice(start, i));
      start = i + 1;
    }
  }
  events.push(text.slice(start));
  return events.map((event) => event.trim()).filter((event) => event !== "");
}

/** The value of a timeout with these events. */
export function joinEvents(events: readonly string[]): string {
  return events.join(",");
}

function syntaxError(text: string, why: string): EventSyntaxError {
  const shown = excerpt(text, 100);
  return new EventSyntaxError(`${JSON.stringify(shown)} is no event: ${why}`, {
    hint: "write a type, or a type, a space and JSON",
  });
}
