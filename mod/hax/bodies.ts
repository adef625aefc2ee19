/**
 * The bodies that hax is sent: parsed here, plain values inside.
 *
 * @module
 */

import * as z from "zod";
import { PROCESS_EVENTS } from "../halink/mod.ts";
import { PROCESS_TYPES } from "../kv/process_state.ts";
import { RequestRefused } from "./json_body.ts";
import type { Report } from "./transition.ts";

/** What a watch of Consul's agent saw change. It is a hint where to look, no news in itself. */
export interface Hint {
  readonly about: "services" | "keys";
  /** IDs of the services, or the keys. */
  readonly names: readonly string[];
}

/** The body of a `service` watch, of which hax reads who is meant. */
const ServiceWatch = z.array(z.object({
  Node: z.object({ Node: z.string() }),
  Service: z.object({ ID: z.string(), Service: z.string() }),
  Checks: z.array(z.object({ CheckID: z.string(), Status: z.string() })).nullable(),
}));

/** The body of a `keyprefix` watch: `null` when there is no such key. */
const KeyPrefixWatch = z.array(z.object({
  Key: z.string(),
  Value: z.string().nullable(),
  ModifyIndex: z.number(),
})).nullable();

/**
 * Reads what a watch posts.
 *
 * @throws {RequestRefused} when it is neither a `service` nor a `keyprefix` watch's body
 */
export function parseHint(body: unknown): Hint {
  if (body === null) return { about: "keys", names: [] };
  if (Array.isArray(body) && isObject(body[0]) && "Key" in body[0]) {
    const entries = parse(KeyPrefixWatch, body, "a keyprefix watch") ?? [];
    return { about: "keys", names: entries.map(({ Key }) => Key) };
  }
  const services = parse(ServiceWatch, body, "a service watch");
  return { about: "services", names: services.map(({ Service }) => Service.ID) };
}

const ReportBody = z.object({
  event: z.enum(PROCESS_EVENTS),
  type: z.enum(PROCESS_TYPES),
  pid: z.int().positive(),
});

/**
 * Reads what a Mero process says of itself.
 *
 * @throws {RequestRefused} when it is no report
 */
export function parseReport(body: unknown): Report {
  return parse(ReportBody, body, "a process report");
}

function parse<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new RequestRefused(
    400,
    `not ${what}: ${z.prettifyError(result.error).replaceAll(/\s*\n\s*/g, " ")}`,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
