/**
 * The cluster's configuration as it stands in KV: which Mero process is on which node, with which
 * services, at which endpoint (spec: kv.md, `node/…`).
 *
 * @module
 */

import type { Consul, KvEntry, ReadOptions } from "../consul/mod.ts";
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

/** The processes of a cluster, in the order of their fid keys. */
export interface Layout {
  readonly processes: readonly ConfProcess[];
}

/** What a process is there for. */
export type Role = "hax" | "confd" | "ios" | "client";

/**
 * Reads the configuration.
 *
 * @throws {KvValueError} when a process has no endpoint, or no types
 */
export async function readLayout(consul: Consul, options: ReadOptions = {}): Promise<Layout> {
  return layoutOf(await consul.kv.list(NODE_PREFIX, options));
}

/**
 * The configuration in these entries; keys of other forms are none of it.
 *
 * @throws {KvValueError} when a process has no endpoint, or no types
 */
export function layoutOf(entries: readonly Pick<KvEntry, "key" | "value">[]): Layout {
  const found = new Map<string, { node: string; fidk: number; types?: string; ep?: string }>();
  for (const { key, value } of entries) {
    const parts = parseServiceKey(key);
    if (parts === null) continue;
    const { node, fidk, attribute } = parts;
    const id = `${NODE_PREFIX}${node}/service/${fidk}`;
    const process = found.get(id) ?? { node, fidk };
    found.set(id, { ...process, [attribute]: value.trim() });
  }
  const processes = [...found].map(([id, { node, fidk, types, ep }]): ConfProcess => {
    if (!types) throw missing(`${id}/types`, types);
    if (!ep) throw missing(`${id}/ep`, ep);
    return {
      node,
      fidk,
      fid: makeFid("process", fidk),
      types: types.split(/\s+/),
      endpoint: ep,
    };
  });
  return { processes: processes.toSorted((a, b) => a.fidk - b.fidk) };
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
