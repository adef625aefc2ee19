/**
 * `hare dev up`: from a CDF to a running cluster on this machine.
 *
 * @module
 */

import type { Generated } from "../../cfgen/mod.ts";
import { accountFor } from "../bringup/account.ts";
import { type BringUpEvent, runPhases } from "../bringup/engine.ts";
import { Gate } from "../bringup/gate.ts";
import { phasesOf } from "../bringup/phases/mod.ts";
import { HareError } from "../lib/errors.ts";
import { formatFid } from "../lib/fid.ts";
import { ignoreNotFound } from "../lib/files.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import { clusterOf, type DevWorld } from "./cluster.ts";
import { configurationOf, type Description } from "./configuration.ts";
import { lockDirectory } from "./directory.ts";
import { addressOf, hostPart } from "./facts.ts";
import type { MotrPrograms } from "./real_mero.ts";
import { prepareHosts } from "./prepare.ts";
import type { ClusterIdentity } from "./processes.ts";
import { assertUnused, type DevState, loadState, saveState, STATE_FORMAT } from "./state.ts";

/** What a cluster is brought up from. */
export interface UpOptions extends Description {
  /** Real Motr; `null` for the stand-in. */
  readonly motr: MotrPrograms | null;
  /** Which storage is formatted. */
  readonly mkfs: MkfsPolicy;
  readonly signal: AbortSignal;
  readonly report: (event: BringUpEvent) => void;
}

/**
 * Brings the cluster up, or up again: what runs already is left alone.
 *
 * @returns the cluster
 * @throws {CdfError} when the CDF has problems
 * @throws {HareError} when the directory holds another cluster, or a phase fails
 */
export async function up(options: UpOptions, world: DevWorld): Promise<DevState> {
  const { dir } = world;
  const made = configurationOf(options, dir);
  if (await loadState(dir) === null && await directoryExists(dir)) await assertUnused(dir);
  using _lock = await lockDirectory(dir);
  const before = await loadState(dir);
  const state = stateFor(options, made.generated, { dir, id: before?.id ?? crypto.randomUUID() });
  if (before !== null && JSON.stringify(before) !== JSON.stringify(state)) {
    throw new HareError(`${dir} holds another development cluster`, {
      hint: "take it down first (`hare dev down`), or give this one a --dir and a --net of its own",
    });
  }
  await saveState(state);
  const gate = new Gate({ dryRun: false, note: () => {} });
  const cluster = await clusterOf(state, made, gate, world, options.mkfs);
  const { signal, report } = options;
  const phases = [prepareHosts(cluster.hosts), ...phasesOf(cluster)];
  const hint = "the same command goes on from here; what runs, stays: " +
    `\`hare dev down --dir ${dir}\` ends it and removes its files`;
  await accountFor(
    gate,
    { signal, hint },
    () => runPhases(phases, { signal, report, clock: world.clock }),
  );
  return state;
}

async function directoryExists(dir: string): Promise<boolean> {
  return (await Deno.stat(dir).catch(ignoreNotFound))?.isDirectory === true;
}

function stateFor(
  options: UpOptions,
  generated: Generated,
  { dir, id }: ClusterIdentity,
): DevState {
  const names = generated.cluster.hosts.map(({ name }) => hostPart(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new HareError(`two hosts of the CDF are called ${twice}`);
  return {
    ...STATE_FORMAT,
    dir,
    id,
    cdf: options.cdf,
    target: options.target,
    net: options.net,
    disks: options.disks,
    diskSize: options.diskSize,
    motr: options.motr,
    hosts: generated.cluster.hosts.map((host, index) => ({
      name: hostPart(host.name),
      address: addressOf(options.net, index),
      servers: host.processes
        .filter(({ role }) => role === "confd" || role === "ios")
        .map(({ fid }) => formatFid(fid)),
      isServer: host.isServer,
    })),
  };
}
