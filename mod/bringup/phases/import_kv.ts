/**
 * Phase: cfgen's keys are imported into Consul's KV, and `hare/imported` last of all: readers wait
 * for it. Keys that are there are never overwritten (spec: bootstrap.md, phase 4; lessons.md).
 *
 * @module
 */

import * as z from "zod";
import { type Consul, splitTxnOps, txn, type TxnOp } from "../../consul/mod.ts";
import { IMPORTED } from "../../kv/keys.ts";
import { formatPools, type PoolRecord, POOLS } from "../../kv/pools.ts";
import { HareError } from "../../lib/errors.ts";
import { jsonText } from "../../lib/json_text.ts";
import { encodeHex } from "../../lib/std/encoding.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { orWithoutConsul } from "./readiness.ts";

const keysSchema = jsonText(
  z.array(z.object({ key: z.string(), value: z.union([z.string(), z.number()]) })),
);
const importedSchema = jsonText(z.object({ digest: z.string(), at: z.string() }));

/** Imports the keys of `consul-kv.json`, and what Hare adds to them. */
export function importKv(cluster: Cluster): Phase<ClusterHost> {
  const { consul, gate, clock } = cluster;
  return {
    name: "import",
    title: "import the KV",
    limitMs: 60_000,
    hosts: serversOf(cluster).slice(0, 1),
    isDone: async (_host, { signal }) => {
      const entry = await orWithoutConsul(
        null,
        () => consul.kv.get(IMPORTED, { signal, consistent: true }),
      );
      if (entry === null) return false;
      const imported = importedSchema.safeParse(entry.value);
      if (imported.success && imported.data.digest === await digestOf(cluster)) return true;
      throw new HareError("another configuration than this one is already in Consul's KV", {
        hint: "operate on the cluster with the CDF that it was made from, or take it down first",
      });
    },
    run: async (_host, { signal }) => {
      const operations = await missingKeys(cluster, signal);
      await gate.change(
        { where: "KV", what: `import ${operations.length} keys` },
        () => commit(consul, operations, signal),
      );
      const at = new Date(clock.now()).toISOString();
      const mark = JSON.stringify({ digest: await digestOf(cluster), at });
      await gate.change(
        { where: "KV", what: `put ${IMPORTED}` },
        () => consul.kv.put(IMPORTED, mark, { signal }),
      );
    },
  };
}

async function commit(
  consul: Consul,
  operations: readonly TxnOp[],
  signal: AbortSignal,
): Promise<void> {
  for (const some of splitTxnOps(operations)) {
    const result = await consul.txn(some, { signal });
    if (!result.ok) {
      throw new HareError(
        `importing the KV was refused: ${result.errors.map(({ what }) => what).join("; ")}`,
        { hint: "somebody else writes to the same keys: is another bring-up running?" },
      );
    }
  }
}

/** One operation for each key that is not there; it is refused if the key comes meanwhile. */
async function missingKeys(
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly TxnOp[]> {
  const wanted = keysSchema.parse(cluster.generated.files["consul-kv.json"]);
  const present = new Set(
    await orWithoutConsul([], () => cluster.consul.kv.keys("", { signal })),
  );
  return [...wanted, { key: POOLS, value: formatPools(poolsOf(cluster)) }]
    .filter(({ key }) => !present.has(key))
    .map(({ key, value }) => txn.cas(key, String(value), 0));
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
async function digestOf(cluster: Cluster): Promise<string> {
  const text = cluster.generated.files["consul-kv.json"];
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256:${encodeHex(sum)}`;
}
