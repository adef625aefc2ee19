/**
 * Phase: cfgen's keys are imported into Consul's KV, and `hare/imported` last of all: readers wait
 * for it. Keys that are there are never overwritten (spec: bootstrap.md, phase 4; lessons.md).
 *
 * @module
 */

import * as z from "zod";
import { type Consul, type KvEntry, splitTxnOps, txn, type TxnOp } from "../../consul/mod.ts";
import { EPOCH, IMPORTED, LAST_FIDK, LEADER } from "../../kv/keys.ts";
import { formatPools, type PoolRecord, POOLS } from "../../kv/pools.ts";
import { HareError } from "../../lib/errors.ts";
import { jsonText } from "../../lib/json_text.ts";
import { encodeHex } from "../../lib/std/encoding.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import { kvFileSchema } from "../configuration.ts";
import type { Phase } from "../engine.ts";
import { orWithoutConsul } from "./readiness.ts";

const importedSchema = jsonText(z.object({ digest: z.string(), at: z.string() }));

/** How long taking the import back may take, in milliseconds. */
const UNDO_LIMIT_MS = 30_000;

/** Imports the keys of `consul-kv.json`, and what Hare adds to them. */
export function importKv(cluster: Cluster): Phase<ClusterHost> {
  const { consul, gate, clock } = cluster;
  const change = (what: string, operations: readonly TxnOp[], signal: AbortSignal) =>
    gate.change({ where: "KV", what }, () => commit(consul, operations, signal), {
      where: "KV",
      what: `take back: ${what}`,
      work: () =>
        commit(
          consul,
          operations.map(({ key }) => txn.delete(key)),
          AbortSignal.timeout(UNDO_LIMIT_MS),
        ),
    });
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
      throw otherConfiguration("another configuration than this one is already in Consul's KV");
    },
    run: async (_host, { signal }) => {
      const operations = await missingKeys(cluster, signal);
      await change(`import ${operations.length} keys`, operations, signal);
      const at = new Date(clock.now()).toISOString();
      const mark = JSON.stringify({ digest: await digestOf(cluster), at });
      await change(`put ${IMPORTED}`, [txn.cas(IMPORTED, mark, 0)], signal);
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

/**
 * One operation for each key that is not there; it is refused if the key comes meanwhile.
 *
 * @throws {HareError} when a key is there with another value: without the mark of an import it may
 * be of a living cluster that this version of Hare did not make
 */
async function missingKeys(
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly TxnOp[]> {
  const entries = await orWithoutConsul([], () => cluster.consul.kv.list("", { signal }));
  const present = new Map(entries.map((entry: KvEntry) => [entry.key, entry.value]));
  const wanted = [
    ...kvFileSchema.parse(cluster.generated.files["consul-kv.json"]),
    { key: POOLS, value: formatPools(poolsOf(cluster)) },
  ];
  const other = wanted.find(({ key, value }) =>
    present.has(key) && present.get(key) !== value && !CHANGING.has(key)
  );
  if (other !== undefined) {
    throw otherConfiguration(`Consul's KV already has key ${other.key}, with another value`);
  }
  return wanted.filter(({ key }) => !present.has(key)).map(({ key, value }) =>
    txn.cas(key, value, 0)
  );
}

/** Keys that change as soon as something runs. */
const CHANGING: ReadonlySet<string> = new Set([LEADER, EPOCH, LAST_FIDK]);

function otherConfiguration(message: string): HareError {
  return new HareError(message, {
    hint: "operate on the cluster with the CDF that it was made from; if no such cluster is to " +
      "be kept, stop Consul on all hosts and remove /var/lib/hare/consul there",
  });
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
