/**
 * What a cluster was made from, kept on its server nodes: so that it can be operated later by any
 * of them, without its hosts being asked, and with the same configuration to the byte.
 *
 * @module
 */

import * as z from "zod";
import {
  type Facts,
  generate,
  type Generated,
  parseCdf,
  type TargetName,
  TARGETS,
} from "../../cfgen/mod.ts";
import { HareError } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";

/** Path of the file on a server node. */
export const SAVED_FILE = "/var/lib/hare/cluster.json";

/** What a cluster was made from. */
export interface SavedCluster {
  /** Text of the CDF. */
  readonly cdf: string;
  readonly target: TargetName;
  readonly facts: Facts;
}

const savedSchema = jsonText(z.object({
  version: z.literal(1),
  cdf: z.string(),
  target: z.enum(["mero", "motr"]),
  facts: z.custom<Facts>((value) => typeof value === "object" && value !== null),
}));

/** The file's text. */
export function formatSaved({ cdf, target, facts }: SavedCluster): string {
  return JSON.stringify({ version: 1, cdf, target, facts }) + "\n";
}

/**
 * Reads the file's text and makes the configuration again.
 *
 * @throws {HareError} when this version of hare did not write it
 */
export function readSaved(text: string): SavedCluster & { readonly generated: Generated } {
  const saved = savedSchema.safeParse(text);
  if (!saved.success) {
    throw new HareError(`${SAVED_FILE} was not written by this version of hare`, {
      hint: "run `hare bootstrap` with the cluster's CDF again: what runs is left alone",
      cause: saved.error,
    });
  }
  const { cdf, target, facts } = saved.data;
  const document = parseCdf(cdf, { name: SAVED_FILE, target: TARGETS[target] });
  return { cdf, target, facts, generated: generate(document, facts) };
}
