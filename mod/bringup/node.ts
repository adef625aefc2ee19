/**
 * `hare bootstrap-node`: this host alone, by hand, as its part of a bring-up. Nothing is done on
 * other hosts; they are waited for where this one needs them.
 *
 * @module
 */

import { accountFor } from "./account.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import type { Cluster, ClusterHost } from "./cluster.ts";
import { withFilesIn } from "./configuration.ts";
import { type Phase, runPhases } from "./engine.ts";
import { gateOf, lockThisHost, type OperationOptions } from "./operation.ts";
import { startConsulAgents } from "./phases/consul.ts";
import { CONFIG_DIRECTORY } from "./phases/generate.ts";
import { startHax } from "./phases/hax.ts";
import { startConfds, startIoServers } from "./phases/mero.ts";
import { startRc } from "./phases/rc.ts";
import { registerServices } from "./phases/register.ts";
import { reviewStorage, tellingOf } from "./phases/storage.ts";
import { type OperationWorld, realCluster } from "./real_cluster.ts";
import { loadSaved } from "./saved.ts";

/** Up to and with this host's confds; then its other servers, which need every confd. */
export const NODE_STAGES = ["phase1", "phase2"] as const;

/** One of {@linkcode NODE_STAGES}. */
export type NodeStage = (typeof NODE_STAGES)[number];

/** How a node is brought up. */
export interface NodeOptions extends OperationOptions {
  readonly stage: NodeStage;
  readonly mkfs: MkfsPolicy;
  /** Directory of the files that `hare cfgen` made. {@default where servers keep them} */
  readonly confDir?: string | undefined;
  /** The file with what the cluster was made from. */
  readonly savedFile: string;
  /** The file whose lock keeps other operations of this host away. */
  readonly lockPath?: string | undefined;
}

/**
 * Brings this host up.
 *
 * @throws {HareError} when this host is none of the cluster, another operation is under way, a
 * phase fails, or it is cut short
 */
export async function bootstrapNode(options: NodeOptions, world: OperationWorld): Promise<void> {
  const { stage, mkfs, dryRun } = options;
  using _lock = dryRun ? null : await lockThisHost(options.lockPath);
  const { generated, ...saved } = await loadSaved(options.savedFile);
  const gate = gateOf(options);
  const cluster = await realCluster({ generated, saved, mkfs, gate }, world);
  const kept = cluster.own.layout.isServer
    ? { ...cluster, generated: await withFilesIn(options.confDir ?? CONFIG_DIRECTORY, generated) }
    : cluster;
  const roles = stage === "phase1" ? ["confd"] as const : ["ios"] as const;
  const review = reviewStorage(kept, { hosts: [kept.own], roles, report: tellingOf(options) });
  await accountFor(
    gate,
    options,
    () => runPhases([review, ...nodePhases(kept, stage)], { ...options, clock: world.clock }),
  );
}

function nodePhases(cluster: Cluster, stage: NodeStage): readonly Phase<ClusterHost>[] {
  const own = [cluster.own];
  switch (stage) {
    case "phase1":
      return [startConsulAgents, registerServices, startHax, startRc, startConfds]
        .map((make) => make(cluster, own));
    case "phase2":
      return [startIoServers(cluster, own)];
  }
}
