/**
 * What a host answers before a bring-up.
 *
 * @module
 */

import * as z from "zod";
import type { DiskFacts, SystemFacts } from "../../cfgen/mod.ts";
import { DISKS, SYSTEM_FACTS } from "../facts/answer.ts";
import { FORMAT } from "./question.ts";
import { visibleJson } from "../lib/visible.ts";

/** Something that was looked for: found, or why not. */
export type Found<T> =
  | { readonly value: T }
  | { readonly problems: readonly string[] };

/** A unit as systemd knows it. */
export interface FoundUnit {
  readonly name: string;
  /** systemd's LoadState: `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  /** systemd's ActiveState: `active`, `inactive`, `failed`, … */
  readonly active: string;
}

/** What systemd knows of the units that were asked about. */
export interface FoundUnits {
  /** In the order of the question. */
  readonly asked: readonly FoundUnit[];
  /** Names of the units that have failed, sorted. */
  readonly failed: readonly string[];
}

/** A port on which nobody else can listen. */
export interface BusyPort {
  readonly address: string;
  readonly port: number;
  /** The unit whose port it is. */
  readonly unit: string;
  readonly why: string;
}

/** The answer of one host. */
export interface Answer {
  readonly format: typeof FORMAT;
  /** Version and commit of the Hare that answers. */
  readonly hare: string;
  /** Version of Consul. */
  readonly consul: Found<string>;
  readonly facts: Found<SystemFacts>;
  /** Disks by glob. */
  readonly disks: Found<Readonly<Record<string, readonly DiskFacts[]>>>;
  readonly units: Found<FoundUnits>;
  /** The library for hax's HA link; empty if hax's options disable the link. */
  readonly haxLibrary: Found<string>;
  readonly busyPorts: readonly BusyPort[];
  readonly timeZone: {
    /** `Europe/Berlin` */
    readonly name: string;
    /** East of Greenwich, now. */
    readonly offsetMinutes: number;
  };
  /** The host's time when it got the question and when it answered, in milliseconds. */
  readonly clock: {
    readonly receivedMs: number;
    readonly sentMs: number;
  };
}

const found = <T>(value: z.ZodType<T>): z.ZodType<Found<T>> =>
  z.union([z.object({ value }), z.object({ problems: z.array(z.string()).min(1) })]);

const schema: z.ZodType<Answer> = z.object({
  format: z.literal(FORMAT),
  hare: z.string(),
  consul: found(z.string()),
  facts: found(SYSTEM_FACTS),
  disks: found(DISKS),
  units: found(z.object({
    asked: z.array(z.object({ name: z.string(), load: z.string(), active: z.string() })),
    failed: z.array(z.string()),
  })),
  haxLibrary: found(z.string()),
  busyPorts: z.array(
    z.object({ address: z.string(), port: z.int(), unit: z.string(), why: z.string() }),
  ),
  timeZone: z.object({ name: z.string(), offsetMinutes: z.number() }),
  clock: z.object({ receivedMs: z.number(), sentMs: z.number() }),
});

/** What every build of Hare answers, in whatever form. */
const anyForm = z.object({ format: z.number(), hare: z.string() });

/** An answer, read. */
export type Read =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "other-form"; readonly hare: string }
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads what a host has printed. */
export function readAnswer(text: string): Read {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {
      kind: "unreadable",
      why: text.trim() === "" ? "it is empty" : `no JSON but ${JSON.stringify(text.slice(0, 100))}`,
    };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: "answer", answer: parsed.data };
  const other = anyForm.safeParse(json);
  if (other.success) return { kind: "other-form", hare: other.data.hare };
  return { kind: "unreadable", why: z.prettifyError(parsed.error).replaceAll("\n", " ") };
}

/** The other side of {@linkcode readAnswer}: the line to print. */
export function writeAnswer(answer: Answer): string {
  return visibleJson(answer) + "\n";
}
