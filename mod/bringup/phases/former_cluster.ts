/**
 * A cluster of another configuration that is in Consul's KV already: it is recognised, and gives
 * way to the new one only where that was asked for and nothing of it runs (spec: bootstrap.md,
 * phase 4).
 *
 * @module
 */

import { isSameNode } from "../../lib/node_name.ts";
import * as z from "zod";
import { type KvEntry, txn, type TxnOp } from "../../consul/mod.ts";
import {
  BQ_PREFIX,
  BQ_SEEN_PREFIX,
  EQ_PREFIX,
  EQ_REJECTED_PREFIX,
  IMPORTED,
  LAST_FIDK,
  LEADER,
  MKFS_PREFIX,
  NODE_PREFIX,
  parseServiceKey,
  PROCESSES_PREFIX,
  RC_ORDERS_PREFIX,
  RC_REPORT,
  STATE_PREFIX,
  TIMEOUT_PREFIX,
} from "../../kv/keys.ts";
import { leaderIn, type LeaderStore } from "../../kv/leader.ts";
import { POOLS } from "../../kv/pools.ts";
import { PROFILE } from "../../kv/profile.ts";
import { parseProcessState } from "../../kv/process_state.ts";
import { HareError } from "../../lib/errors.ts";
import { formatFid, makeFid } from "../../lib/fid.ts";
import { jsonText } from "../../lib/json_text.ts";
import type { Cluster } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";
import { CHANGING, configurationKeys, digestOf } from "./configuration_keys.ts";

/** The value of the import's mark. */
export const importedSchema = jsonText(z.object({ digest: z.string(), at: z.string() }));

/** Where the keys of a cluster are. The numbers of `epoch` go on, and history is of Consul. */
const OF_A_CLUSTER = [
  IMPORTED,
  LAST_FIDK,
  POOLS,
  PROFILE,
  RC_REPORT,
  ...[NODE_PREFIX, PROCESSES_PREFIX, MKFS_PREFIX, STATE_PREFIX, RC_ORDERS_PREFIX],
  ...[EQ_PREFIX, EQ_REJECTED_PREFIX, BQ_PREFIX, BQ_SEEN_PREFIX, TIMEOUT_PREFIX],
];

/**
 * Whether the KV has another configuration than this one.
 *
 * @param entries all of the KV
 * @throws {HareError} when it has, unless it is to give way, and nothing of it runs
 */
export async function isAnotherThere(
  cluster: Cluster,
  entries: readonly KvEntry[],
): Promise<boolean> {
  const what = await anotherIn(cluster, entries);
  if (what === null) return false;
  if (!cluster.force) {
    throw new HareError(what, {
      hint: "operate on the cluster with the CDF that it was made from; if this one is to take " +
        "its place: `hare shutdown`, then `hare bootstrap --force` with this CDF",
    });
  }
  const [runs] = await whatRuns(entries, cluster.consul);
  if (runs === undefined) return true;
  throw new HareError(`${what}; it does not give way while it runs: ${runs}`, {
    hint: "stop it with `hare shutdown`; where it is down without that, `hare start` it before",
  });
}

async function anotherIn(
  cluster: Cluster,
  entries: readonly KvEntry[],
): Promise<string | null> {
  const present = new Map(entries.map(({ key, value }) => [key, value]));
  const mark = present.get(IMPORTED);
  if (mark !== undefined) {
    const imported = importedSchema.safeParse(mark);
    if (imported.success && imported.data.digest === await digestOf(cluster)) return null;
    const at = imported.success ? `, since ${imported.data.at}` : "";
    const nodes = new Set(entries.flatMap(({ key }) => parseServiceKey(key)?.node ?? []));
    return `another configuration than this one is already in Consul's KV${at}; its nodes are ` +
      [...nodes].join(", ");
  }
  // Without the mark it may be of a living cluster that this version of Hare did not make.
  const other = configurationKeys(cluster).find(({ key, value }) =>
    present.has(key) && present.get(key) !== value && !CHANGING.has(key)
  );
  if (other === undefined) return null;
  return `Consul's KV already has key ${other.key}, with another value`;
}

/** What of a cluster runs, in words. */
async function whatRuns(
  entries: readonly KvEntry[],
  consul: LeaderStore,
): Promise<readonly string[]> {
  const leader = await leaderIn(entries.find(({ key }) => key === LEADER) ?? null, consul);
  const processes = entries.flatMap((entry) => {
    if (!entry.key.startsWith(PROCESSES_PREFIX)) return [];
    const { state } = parseProcessState(entry);
    const fid = entry.key.slice(PROCESSES_PREFIX.length);
    return state === "STOPPED" ? [] : [`process ${fid} is ${state}`];
  });
  return leader === null ? processes : [`the RC on ${leader.node} leads`, ...processes];
}

/**
 * Removes the cluster that is there: its keys, and that its servers start when their hosts boot.
 *
 * @param entries all of the KV
 * @param commit changes the KV: the operations, and those that take them back
 * @returns the entries that are left
 */
export async function removeFormer(
  cluster: Cluster,
  entries: readonly KvEntry[],
  commit: (what: string, does: readonly TxnOp[], undoes: readonly TxnOp[]) => Promise<void>,
  options: StepOptions,
): Promise<readonly KvEntry[]> {
  const isOfIt = ({ key }: KvEntry) =>
    OF_A_CLUSTER.some((one) => one.endsWith("/") ? key.startsWith(one) : key === one);
  // The mark last: when this is cut short, the cluster is still known for what it is.
  const goes = entries.filter(isOfIt)
    .toSorted((a, b) => Number(a.key === IMPORTED) - Number(b.key === IMPORTED));
  await disableServers(cluster, goes, options);
  await commit(
    `remove ${goes.length} keys of the cluster that was there`,
    // A process that has come to life meanwhile has changed its key, which is refused then.
    goes.map(({ key, modifyIndex }) => txn.deleteCas(key, modifyIndex)),
    goes.map(({ key, value }) => txn.set(key, value)),
  );
  return entries.filter((entry) => !isOfIt(entry));
}

async function disableServers(
  { hosts, target }: Cluster,
  entries: readonly KvEntry[],
  options: StepOptions,
): Promise<void> {
  const former = entries.flatMap(({ key }) => {
    const parts = parseServiceKey(key);
    return parts?.attribute === "types" ? [parts] : [];
  });
  await Promise.all(hosts.map(async ({ host, layout }) => {
    const stays = new Set(layout.processes.map(({ fidk }) => fidk));
    for (const { node, fidk } of former) {
      if (!isSameNode(node, layout.node) || stays.has(fidk)) continue;
      await host.disableUnit(target.units.server(formatFid(makeFid("process", fidk))), options);
    }
  }));
}
