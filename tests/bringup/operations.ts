/**
 * Operations on a stand-in cluster, as the command line would start them.
 *
 * @module
 */

import { bootstrap, type BootstrapOptions, planBootstrap } from "../../mod/bringup/bootstrap.ts";
import { bootstrapNode, type NodeOptions } from "../../mod/bringup/node.ts";
import { type OperateOptions, shutdown, start } from "../../mod/bringup/operate.ts";
import { loadSaved, SAVED_FILE } from "../../mod/bringup/saved.ts";
import type { Selection } from "../../mod/bringup/select.ts";
import { HARE } from "../preflight/reports.ts";
import type { StandInCluster } from "./stand_in_cluster.ts";

/** Options of {@linkcode bootstrapOn}. */
interface BootstrapOnOptions extends Partial<BootstrapOptions> {
  readonly selection?: Selection;
  /** {@default the cluster's} */
  readonly cdf?: string;
}

/** `hare bootstrap` on host `h1`. */
export async function bootstrapOn(
  cluster: StandInCluster,
  options: BootstrapOnOptions = {},
): Promise<void> {
  const { selection = {}, cdf = cluster.cdf, ...others } = options;
  const plan = planBootstrap({ text: cdf, name: "cdf.yaml" }, "mero", selection, "h1");
  await withLockFile((lockPath) =>
    bootstrap(plan, {
      ...common(cluster),
      rollback: false,
      mkfs: "new",
      force: false,
      hareVersion: HARE,
      ignored: new Set(),
      resetFailed: false,
      lockPath,
      ...others,
    }, cluster.world)
  );
}

/** `hare bootstrap-node` on host `name`, which has been given the cluster's file. */
export async function bootstrapNodeOn(
  cluster: StandInCluster,
  name: string,
  options: Pick<NodeOptions, "stage"> & Partial<NodeOptions>,
): Promise<void> {
  await withSavedFile(cluster, (savedFile) =>
    withLockFile((lockPath) =>
      bootstrapNode(
        { ...common(cluster), mkfs: "new", savedFile, lockPath, ...options },
        { ...cluster.world, hostname: name },
      )
    ));
}

/** `hare shutdown` or `hare start` on host `h1`, which keeps a cluster. */
export async function operateOn(
  what: typeof shutdown | typeof start,
  cluster: StandInCluster,
  options: Partial<OperateOptions> = {},
): Promise<void> {
  await withSavedFile(cluster, async (path) => {
    const kept = await loadSaved(path);
    await withLockFile((lockPath) =>
      what(kept, { ...common(cluster), lockPath, ...options }, cluster.world)
    );
  });
}

async function withSavedFile(
  cluster: StandInCluster,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, cluster.host("h1").files.get(SAVED_FILE) ?? "");
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

function common({ events }: StandInCluster): Omit<OperateOptions, "lockPath"> {
  return {
    dryRun: false,
    signal: AbortSignal.timeout(60_000),
    report: (event) => void events.push(event),
  };
}

async function withLockFile(work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}
