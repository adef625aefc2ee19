/**
 * Phase: cfgen's keys are imported into Consul's KV, and `hare/imported` last of all: readers wait
 * for it. Keys that are there are not overwritten (spec: bootstrap.md, phase 4; lessons.md).
 *
 * @module
 */

import { type Consul, type KvEntry, splitTxnOps, txn, type TxnOp } from "../../consul/mod.ts";
import { IMPORTED } from "../../kv/keys.ts";
import { HareError } from "../../lib/errors.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";
import { configurationKeys, digestOf } from "./configuration_keys.ts";
import { isAnotherThere, removeFormer } from "./former_cluster.ts";
import { askKv, orWithoutConsul } from "./readiness.ts";

/** How long taking the import back may take, in milliseconds. */
const UNDO_LIMIT_MS = 30_000;

/** Imports the keys of `consul-kv.json`, and what Hare adds to them. */
export function importKv(cluster: Cluster): Phase<ClusterHost> {
  const { consul, gate, clock } = cluster;
  const changeWith =
    ({ signal }: StepOptions) =>
    (what: string, does: readonly TxnOp[], undoes: readonly TxnOp[] = does.map(removal)) =>
      gate.change({ where: "KV", what }, () => commit(consul, does, signal), {
        where: "KV",
        what: `take back: ${what}`,
        work: () => commit(consul, undoes, AbortSignal.timeout(UNDO_LIMIT_MS)),
      });
  return {
    name: "import",
    title: "import the KV",
    limitMs: 60_000,
    hosts: serversOf(cluster).slice(0, 1),
    isDone: async (_host, options) => {
      const entries = await keysThere(cluster, options);
      if (entries === "unknown") return false;
      return !await isAnotherThere(cluster, entries) &&
        entries.some(({ key }) => key === IMPORTED);
    },
    run: async (_host, options) => {
      const change = changeWith(options);
      const entries = await keysThere(cluster, options);
      if (entries === "unknown") {
        return gate.doubt(
          "which keys are in Consul's KV is not known, because Consul does not run: a run imports " +
            "those that are missing",
        );
      }
      const stay = await isAnotherThere(cluster, entries)
        ? await removeFormer(cluster, entries, change, options)
        : entries;
      const present = new Set(stay.map(({ key }) => key));
      const operations = configurationKeys(cluster)
        .filter(({ key }) => !present.has(key))
        // It is refused if the key comes meanwhile.
        .map(({ key, value }) => txn.cas(key, value, 0));
      await change(`import ${operations.length} keys`, operations);
      const at = new Date(clock.now()).toISOString();
      const mark = JSON.stringify({ digest: await digestOf(cluster), at });
      await change(`put ${IMPORTED}`, [txn.cas(IMPORTED, mark, 0)]);
    },
  };
}

/**
 * Refuses a cluster when the KV has another one, before anything of that is touched; where there is
 * no Consul yet, the import will.
 *
 * @throws {HareError} when it has
 */
export async function refuseAnother(cluster: Cluster, options: StepOptions): Promise<void> {
  await isAnotherThere(cluster, await orWithoutConsul([], () => list(cluster, options)));
}

/** All of the KV; `unknown` in a dry run while Consul is down. */
function keysThere(
  cluster: Cluster,
  options: StepOptions,
): Promise<readonly KvEntry[] | "unknown"> {
  return askKv(cluster, () => list(cluster, options), options);
}

function list({ consul }: Cluster, { signal }: StepOptions): Promise<KvEntry[]> {
  return consul.kv.list("", { signal, consistent: true });
}

const removal = ({ key }: TxnOp): TxnOp => txn.delete(key);

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
