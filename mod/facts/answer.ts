/**
 * What `hare facts --json` prints: one entry of the facts file's `hosts`, or why there is none.
 *
 * @module
 */

import * as z from "zod";
import type { HostFacts, SystemFacts } from "../../cfgen/mod.ts";
import { FactsError } from "./errors.ts";
import { visibleJson } from "../lib/visible.ts";

/** The answer of a host, read. */
export type Answer =
  | { readonly kind: "facts"; readonly facts: HostFacts }
  | { readonly kind: "problems"; readonly problems: readonly string[] }
  | { readonly kind: "unreadable"; readonly why: string };

/** A host's own facts, in JSON. */
export const SYSTEM_FACTS: z.ZodType<SystemFacts> = z.object({
  hostname: z.string(),
  processorcount: z.number(),
  memorysize_mb: z.number(),
  ipaddress: z.string().optional(),
  macaddress: z.string().optional(),
}).catchall(z.string());

/** A host's disks by glob, in JSON. */
export const DISKS: z.ZodType<HostFacts["disks"]> = z.record(
  z.string(),
  z.array(z.object({ path: z.string(), size: z.number(), blksize: z.number() })),
);

const HOST_FACTS: z.ZodType<HostFacts> = z.object({ facts: SYSTEM_FACTS, disks: DISKS });

const PROBLEMS = z.object({ problems: z.array(z.string()).min(1) });

/** Reads what a host has printed. */
export function readAnswer(text: string): Answer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "unreadable", why: `no JSON but ${JSON.stringify(text.slice(0, 100))}` };
  }
  const problems = PROBLEMS.safeParse(json);
  if (problems.success) return { kind: "problems", problems: problems.data.problems };
  const facts = HOST_FACTS.safeParse(json);
  if (facts.success) return { kind: "facts", facts: facts.data };
  return {
    kind: "unreadable",
    why: facts.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
  };
}

/** The other side of {@linkcode readAnswer}: the line to print. */
export function writeAnswer(answer: HostFacts | FactsError): string {
  const value = answer instanceof FactsError ? { problems: answer.problems } : answer;
  return visibleJson(value, 2) + "\n";
}
