/**
 * What a cluster was made from, kept on its hosts: so that it can be operated later by any server
 * of it, without its hosts being asked, and with the same configuration to the byte.
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
import { readTextFileIfAny } from "../lib/files.ts";
import { jsonText } from "../lib/json_text.ts";

/** Path of the file on every host. */
export const SAVED_FILE = "/var/lib/hare/cluster.json";

/** What a cluster was made from. */
export interface SavedCluster {
  /** Text of the CDF. */
  readonly cdf: string;
  readonly target: TargetName;
  readonly facts: Facts;
}

/** The same, with the configuration that is made of it. */
export interface SavedGenerated extends SavedCluster {
  readonly generated: Generated;
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
 * Reads a file with what a cluster was made from, and makes the configuration again.
 *
 * @param path {@linkcode SAVED_FILE}, or a copy of it
 * @throws {HareError} when there is none, or this version of hare did not write it
 */
export async function loadSaved(path: string): Promise<SavedGenerated> {
  const text = await readTextFileIfAny(path);
  if (text === null) {
    throw new HareError(`this host keeps no cluster: there is no ${path}`, {
      hint: "`hare bootstrap` makes one, on a server node of the cluster",
    });
  }
  const saved = savedSchema.safeParse(text);
  if (!saved.success) {
    throw new HareError(`${path} was not written by this version of hare`, {
      hint: "run `hare bootstrap` with the cluster's CDF again: what runs is left alone",
      cause: saved.error,
    });
  }
  const { cdf, target, facts } = saved.data;
  const document = parseCdf(cdf, { name: path, target: TARGETS[target] });
  return { cdf, target, facts, generated: generate(document, facts) };
}
