/**
 * The keys of a configuration as the import puts them into Consul's KV.
 *
 * @module
 */

import { EPOCH, LAST_FIDK, LEADER } from "../../kv/keys.ts";
import { formatPools, type PoolRecord, POOLS } from "../../kv/pools.ts";
import { formatProfile, PROFILE } from "../../kv/profile.ts";
import { sha256Of } from "../../lib/sha256.ts";
import type { Cluster } from "../cluster.ts";
import { kvFileSchema } from "../configuration.ts";

/** Keys that change as soon as something runs. */
export const CHANGING: ReadonlySet<string> = new Set([LEADER, EPOCH, LAST_FIDK]);

/** The keys of `consul-kv.json`, and what Hare adds to them. */
export function configurationKeys(
  cluster: Cluster,
): readonly { readonly key: string; readonly value: string }[] {
  return [
    ...kvFileSchema.parse(cluster.generated.files["consul-kv.json"]),
    { key: POOLS, value: formatPools(poolsOf(cluster)) },
    { key: PROFILE, value: formatProfile(cluster.generated.cluster.profile) },
  ];
}

/** The pools as `hare status` wants them. */
function poolsOf(cluster: Cluster): readonly PoolRecord[] {
  return cluster.generated.cluster.pools.map((pool) => ({
    fid: pool.fid,
    name: pool.name,
    data: pool.dataUnits,
    parity: pool.parityUnits,
    spare: pool.spareUnits,
    tolerance: pool.tolerance,
    drives: new Map(pool.members.map(({ process, disks }) => [Number(process.key), disks.length])),
  }));
}

/** Tells one configuration from another: a sum over the imported keys. */
export async function digestOf(cluster: Cluster): Promise<string> {
  return `sha256:${await sha256Of(cluster.generated.files["consul-kv.json"])}`;
}
