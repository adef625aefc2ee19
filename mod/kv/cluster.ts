/**
 * The cluster's configuration as it stands in KV: which Mero process is on which node, with which
 * services, at which endpoint (spec: kv.md, `node/…`).
 *
 * @module
 */

import type { Kv, KvEntry, ReadOptions } from "../consul/mod.ts";
import { type Fid, makeFid } from "../lib/fid.ts";
import { KvValueError } from "./errors.ts";
import { NODE_PREFIX, parseServiceKey } from "./keys.ts";

/** A Mero process of the configuration. */
export interface ConfProcess {
  /** Name of its node. */
  readonly node: string;
  /** Key of its fid. */
  readonly fidk: number;
  readonly fid: Fid;
  /** Mero's service types, lower case: `rms`, `confd`, `ios`, `ha`, … */
  readonly types: readonly string[];
  /** Mero network address. */
  readonly endpoint: string;
}

/** A process whose configuration is incomplete. Any client may write such a key. */
export interface UnreadableProcess {
  readonly node: string;
  /** The known services of the process; {@linkcode Layout.processes} does not have them. */
  readonly types: readonly string[];
  /** The error, which names the key. */
  readonly error: KvValueError;
}

/** The configuration. */
export interface Layout {
  /** The processes of the cluster, in the order of their fid keys. */
  readonly processes: readonly ConfProcess[];
  /** Processes whose configuration is incomplete. */
  readonly unreadable?: readonly UnreadableProcess[];
}

/** What a process is there for. */
export type Role = "hax" | "confd" | "ios" | "client";

/** Reads the configuration. */
export async function readLayout(
  consul: { readonly kv: Pick<Kv, "list"> },
  options: ReadOptions = {},
): Promise<Layout> {
  return layoutOf(await consul.kv.list(NODE_PREFIX, options));
}

/**
 * The configuration in these entries; keys of other forms are none of it. A process that has no
 * endpoint, or no types, hides none of the others.
 *
 * @param before an earlier reading, which replaces processes that cannot be read now
 */
export function layoutOf(
  entries: readonly Pick<KvEntry, "key" | "value">[],
  before?: Layout,
): Layout {
  const found = new Map<string, { node: string; fidk: number; types?: string; ep?: string }>();
  for (const { key, value } of entries) {
    const parts = parseServiceKey(key);
    if (parts === null) continue;
    const { node, fidk, attribute } = parts;
    const id = `${NODE_PREFIX}${node}/service/${fidk}`;
    const process = found.get(id) ?? { node, fidk };
    found.set(id, { ...process, [attribute]: value.trim() });
  }
  const processes: ConfProcess[] = [];
  const unreadable: UnreadableProcess[] = [];
  for (const [id, { node, fidk, types: text, ep }] of found) {
    const types = text ? text.split(/\s+/) : [];
    if (text && ep) {
      processes.push({ node, fidk, fid: makeFid("process", fidk), types, endpoint: ep });
      continue;
    }
    const known = before?.processes.find((one) => one.node === node && one.fidk === fidk);
    if (known !== undefined) processes.push(known);
    const error = text ? missing(`${id}/ep`, ep) : missing(`${id}/types`, text);
    unreadable.push({ node, types: known === undefined ? types : [], error });
  }
  return { processes: processes.toSorted((a, b) => a.fidk - b.fidk), unreadable };
}

/** What a process is there for; one that runs both confd and ios is a confd. */
export function roleOf(process: Pick<ConfProcess, "types">): Role {
  if (runs(process, "ha")) return "hax";
  if (runs(process, "confd")) return "confd";
  return runs(process, "ios") ? "ios" : "client";
}

/** Whether a process runs a service of this type. */
export function runs(process: Pick<ConfProcess, "types">, type: string): boolean {
  return process.types.includes(type);
}

function missing(key: string, value = ""): KvValueError {
  return new KvValueError({ key, value }, "it is empty or missing", "import the configuration");
}
