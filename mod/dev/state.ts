/**
 * What a development cluster's directory says about it: `cluster.json`, written first by `up` and
 * read by `up`, `status`, `kill`, `stop` and `down`. A directory is a cluster's only if it has such
 * a file and the file names that directory. Other directories are never changed.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import { ignoreNotFound, readTextFileIfAny, writeFileAtomic } from "../lib/files.ts";
import { jsonText } from "../lib/json_text.ts";
import { join } from "../lib/std/path.ts";
import { LOCK_NAME } from "./directory.ts";
import { HOST_NAME } from "./facts.ts";

/** Distinguishes the file from any other `cluster.json`. */
const FORMAT = "hare development cluster";

const stateSchema = jsonText(z.object({
  format: z.literal(FORMAT),
  version: z.literal(3),
  /** The directory, absolute and without links. */
  dir: z.string(),
  /** Random id: this cluster has started the processes that have it. */
  id: z.uuid(),
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
    name: z.string().regex(HOST_NAME),
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

/** Name of the state's file. */
export const STATE_NAME = "cluster.json";
/** Name of the directory that has one directory for each host. */
export const HOSTS_NAME = "hosts";

const fileOf = (dir: string) => join(dir, STATE_NAME);

/** The part that is equal in all states. */
export const STATE_FORMAT = { format: FORMAT, version: 3 } as const;

/**
 * The cluster in `dir`; `null` where there is none.
 *
 * @param dir absolute, without links
 * @throws {HareError} when the directory holds something else
 */
export async function loadState(dir: string): Promise<DevState | null> {
  const path = fileOf(dir);
  const info = await Deno.lstat(path).catch(ignoreNotFound);
  if (!info) return null;
  if (info.uid !== Deno.uid()) {
    throw new HareError(`${path} belongs to another user`, {
      hint: `user ${info.uid} has made this cluster: only that user can work on it`,
    });
  }
  const text = info.isFile ? await readTextFileIfAny(path) : null;
  const state = stateSchema.safeParse(text);
  if (!state.success) {
    throw new HareError(`${path} was not written by this version of hare`, {
      hint: "if it is a development cluster, take it down with the hare that made it",
      cause: state.error,
    });
  }
  if (state.data.dir === dir) return state.data;
  throw new HareError(`${path} is of the development cluster in ${state.data.dir}`, {
    hint: "a cluster's directory can be neither moved nor copied: put it back where it was",
  });
}

/**
 * Refuses a directory that is not empty and not a cluster's: the files of `up` could not be
 * distinguished from the existing files.
 *
 * @throws {HareError} when the directory is refused
 */
export async function assertUnused(dir: string): Promise<void> {
  for await (const { name } of Deno.readDir(dir)) {
    if (name === LOCK_NAME) continue;
    throw new HareError(`${dir} holds no development cluster, and is not empty: ${name}`, {
      hint: "give the cluster a directory of its own with --dir",
    });
  }
}

/** Writes the cluster's description; the directory must exist. */
export async function saveState(state: DevState): Promise<void> {
  await writeFileAtomic(fileOf(state.dir), JSON.stringify(state, null, 2) + "\n", { mode: 0o600 });
}
