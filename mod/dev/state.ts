/**
 * What a development cluster's directory says about it: `cluster.json`, written first by `up` and
 * read by `up`, `status`, `kill` and `down`.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import { readTextFileIfAny, writeFileAtomic } from "../lib/files.ts";
import { jsonText } from "../lib/json_text.ts";
import { join } from "../lib/std/path.ts";

const stateSchema = jsonText(z.object({
  version: z.literal(2),
  /** Text of the CDF. */
  cdf: z.string(),
  target: z.enum(["mero", "motr"]),
  /** First three numbers of the hosts' addresses. */
  net: z.string(),
  /** Sparse files for each m0_server with disks. */
  disks: z.number(),
  /** Size of each, in bytes. */
  diskSize: z.number(),
  /** Paths of real Motr's programs; `null` where the stand-in plays it. */
  motr: z.object({ m0d: z.string(), m0mkfs: z.string(), libmotr: z.string() }).nullable(),
  hosts: z.array(z.object({
    /** In the CDF, without the user. */
    name: z.string(),
    address: z.string(),
    /** Fids of the servers that it is to run. */
    servers: z.array(z.string()),
    /** It runs a confd, and so an RC. */
    isServer: z.boolean(),
  })),
}));

/** A development cluster. */
export type DevState = Readonly<z.infer<typeof stateSchema>>;

/** One of its hosts. */
export type DevStateHost = DevState["hosts"][number];

const fileOf = (dir: string) => join(dir, "cluster.json");

/**
 * The cluster in `dir`; `null` where there is none.
 *
 * @throws {HareError} when the directory holds something else
 */
export async function loadState(dir: string): Promise<DevState | null> {
  const text = await readTextFileIfAny(fileOf(dir));
  if (text === null) return null;
  const state = stateSchema.safeParse(text);
  if (state.success) return state.data;
  throw new HareError(`${fileOf(dir)} was not written by this version of hare`, {
    hint: `take the cluster down with the hare that made it, or remove ${dir}`,
    cause: state.error,
  });
}

/** Writes the cluster's description; the directory must exist. */
export async function saveState(dir: string, state: DevState): Promise<void> {
  await writeFileAtomic(fileOf(dir), JSON.stringify(state, null, 2) + "\n");
}
