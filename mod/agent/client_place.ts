/**
 * Where a client of Mero stands on this node: its process of the configuration, and what it must
 * know besides.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import type { Consul } from "../consul/mod.ts";
import { readLayout, roleOf } from "../kv/cluster.ts";
import { parseProfile, PROFILE } from "../kv/profile.ts";
import { HareError } from "../lib/errors.ts";
import { type Fid, formatFid, makeFid } from "../lib/fid.ts";
import type { ClientPlace } from "./m0crate_file.ts";

/** Options of {@linkcode readClientPlace}. */
export interface ClientPlaceOptions {
  /** The client; where it is not given, the node's first. */
  readonly process?: Fid | undefined;
  /** Path of confd's configuration, which is read where KV does not have the profile. */
  readonly confdFile: string;
  /** Text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  readonly signal: AbortSignal;
}

/**
 * Reads who and where a client of this node is.
 *
 * @param consul a client of this node's agent
 * @throws {HareError} when the configuration has no such client on this node, or no hax for it, or
 * nobody knows the profile
 */
export async function readClientPlace(
  consul: Consul,
  options: ClientPlaceOptions,
): Promise<ClientPlace> {
  const { signal } = options;
  const { nodeName } = await consul.agent.self({ signal });
  const layout = await readLayout(consul, { signal });
  const own = layout.processes.filter(({ node }) => isSameNode(node, nodeName));
  const clients = own.filter((process) => roleOf(process) === "client");
  const wanted = options.process === undefined ? undefined : formatFid(options.process);
  const client = clients.find(({ fid }) => wanted === undefined || formatFid(fid) === wanted);
  if (client === undefined) {
    const fids = clients.map(({ fid }) => formatFid(fid)).join(", ");
    throw new HareError(
      `the configuration has no client ${wanted ?? "of Mero"} on this node, ${nodeName}`,
      {
        hint: fids === ""
          ? "run it on a node that has c0_clients or m0t1fs_clients in the CDF"
          : `it has ${fids}`,
      },
    );
  }
  const hax = own.find((process) => roleOf(process) === "hax");
  if (hax === undefined) throw new HareError(`the configuration has no hax on node ${nodeName}`);
  const entry = await consul.kv.get(PROFILE, { signal });
  return {
    localEndpoint: client.endpoint,
    haEndpoint: hax.endpoint,
    process: client.fid,
    profile: entry === null ? await profileInFile(options) : parseProfile(entry),
  };
}

async function profileInFile({ confdFile, readFile }: ClientPlaceOptions): Promise<Fid> {
  const profile = profileIn(await readFile(confdFile));
  if (profile !== null) return profile;
  throw new HareError(`${confdFile} has no profile`, { hint: "is it the confd.xc of cfgen?" });
}

/**
 * The profile in the text of a `confd.xc`; `null` where there is none.
 *
 * @example
 * ```ts
 * import { profileIn } from "./client_place.ts";
 *
 * const profile = profileIn("[1:\n {0x70| ((^p|1:0x7e), [1: ^o|1:45])}]\n");
 * if (profile?.key !== 0x7en) throw new Error("not found");
 * ```
 */
export function profileIn(text: string): Fid | null {
  const key = /^ \{0x70\| \(\(\^p\|1:(0x[0-9a-f]+|\d+)\)/m.exec(text)?.[1];
  return key === undefined ? null : makeFid("profile", BigInt(key));
}
