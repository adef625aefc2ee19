/**
 * `hare shutdown` and `hare start`: a cluster that was bootstrapped is stopped, in order, and
 * started again, from what its servers keep. A host that is dead meanwhile is told of, and keeps
 * nobody waiting but once.
 *
 * @module
 */

import { UnitError } from "../host/errors.ts";
import { HareError, linesOf } from "../lib/errors.ts";
import { accountFor } from "./account.ts";
import { type Cluster, type ClusterHost, serversOf } from "./cluster.ts";
import { withFilesIn } from "./configuration.ts";
import { PhaseError, runPhases } from "./engine.ts";
import { ClusterLock, gateOf, lockThisHost, type OperationOptions } from "./operation.ts";
import { CONFIG_DIRECTORY } from "./phases/generate.ts";
import { startPhasesOf } from "./phases/mod.ts";
import { reachHosts } from "./phases/reach.ts";
import { assertOnServer, type OperationWorld, realCluster } from "./real_cluster.ts";
import { loadSaved, SAVED_FILE, type SavedGenerated } from "./saved.ts";
import { shutdownPhases } from "./shutdown.ts";

/** Something failed, and the rest was done all the same. */
export class PartlyDoneError extends HareError {
  override readonly name = "PartlyDoneError";

  /** @param errors what has failed */
  constructor(readonly errors: readonly HareError[], hint: string) {
    super(errors.flatMap(linesOf), { cause: errors[0], hint });
  }
}

/** How a cluster is operated. */
export interface OperateOptions extends OperationOptions {
  /** The file whose lock keeps other operations of this host away. */
  readonly lockPath?: string | undefined;
}

/**
 * The cluster that this server keeps, with its configuration to the byte.
 *
 * @param hostname this machine's name, as the system gives it
 * @throws {HareError} when it keeps none, or is no server of it
 */
export async function readKeptCluster(hostname: string): Promise<SavedGenerated> {
  const kept = await loadSaved(SAVED_FILE);
  assertOnServer(kept.generated.cluster.hosts, hostname);
  return { ...kept, generated: await withFilesIn(CONFIG_DIRECTORY, kept.generated) };
}

/**
 * Stops the cluster. What fails on one host does not keep the others from being stopped.
 *
 * @throws {PartlyDoneError} when something could not be stopped, after all else was
 * @throws {HareError} when another operation is under way, or it is cut short
 */
export async function shutdown(
  kept: SavedGenerated,
  options: OperateOptions,
  world: OperationWorld,
): Promise<void> {
  const { dryRun, report } = options;
  using _lock = dryRun ? null : await lockThisHost(options.lockPath);
  await using lock = new ClusterLock("hare shutdown", world);
  const signal = AbortSignal.any([options.signal, lock.lost]);
  if (!dryRun) await lock.takeIfAny(signal);
  const cluster = await clusterOf(kept, options, world);
  const engine = { ...options, signal, clock: world.clock };
  const phases = shutdownPhases(
    cluster,
    ({ name }, unit, outcome) => report({ event: "unit", host: name, unit, outcome }),
  );
  const of = phases.length + 1;
  const errors: PhaseError[] = [];
  const { lost, error } = await reach(cluster, { ...engine, place: { first: 1, of } });
  if (error !== null) errors.push(error);
  for (const [i, phase] of phases.entries()) {
    const hosts = phase.hosts.filter(({ name }) => !lost.has(name));
    // Its keeper is stopped now; left to itself it would refuse whoever starts the cluster again.
    if (phase.name === "consul-servers") await lock[Symbol.asyncDispose]();
    try {
      await runPhases([{ ...phase, hosts }], { ...engine, place: { first: i + 2, of } });
    } catch (error) {
      if (!(error instanceof PhaseError)) throw error;
      errors.push(error);
      for (const { host, error: why } of error.failures) {
        if (!(why instanceof UnitError)) lost.add(host);
      }
    }
  }
  if (!dryRun) {
    for (const phase of phases) {
      for (const host of phase.hosts.filter(({ name }) => lost.has(name))) {
        for (const unit of phase.unitsOf(host)) {
          report({ event: "unit", host: host.name, unit, outcome: "unknown" });
        }
      }
    }
  }
  if (errors.length > 0) throw new PartlyDoneError(errors, "all else is stopped");
}

/**
 * Starts a cluster that was shut down; nothing is formatted, nothing made anew.
 *
 * @throws {PartlyDoneError} when a host does not answer, after all else was started
 * @throws {HareError} when too few servers answer, a phase fails, or it is cut short
 */
export async function start(
  kept: SavedGenerated,
  options: OperateOptions,
  world: OperationWorld,
): Promise<void> {
  const { dryRun } = options;
  using _lock = dryRun ? null : await lockThisHost(options.lockPath);
  await using lock = new ClusterLock("hare start", world);
  const signal = AbortSignal.any([options.signal, lock.lost]);
  const engine = { ...options, signal, clock: world.clock };
  const cluster = await clusterOf(kept, options, world);
  await accountFor(cluster.gate, { signal }, async () => {
    if (!dryRun) await lock.takeIfAny(signal);
    const of = startPhasesOf(cluster).length + 1;
    const { lost, error } = await reach(cluster, { ...engine, place: { first: 1, of } });
    const hosts = cluster.hosts.filter(({ name }) => !lost.has(name));
    const living = { ...cluster, hosts };
    assertMajority(living, cluster, error);
    for (const [i, phase] of startPhasesOf(living).entries()) {
      if (!dryRun && i > 0) await lock.take(signal);
      await runPhases([phase], { ...engine, place: { first: i + 2, of } });
    }
    if (error !== null) throw new PartlyDoneError([error], "all else is started");
  });
}

/** The hosts that do not answer, by name. */
async function reach(
  cluster: Cluster,
  engine: Parameters<typeof runPhases<ClusterHost>>[1],
): Promise<{ readonly lost: Set<string>; readonly error: PhaseError | null }> {
  try {
    await runPhases([reachHosts(cluster)], engine);
    return { lost: new Set(), error: null };
  } catch (error) {
    if (!(error instanceof PhaseError)) throw error;
    return { lost: new Set(error.failures.map(({ host }) => host)), error };
  }
}

/** Without more than half of its servers Consul finds no leader: better said at once. */
function assertMajority(living: Cluster, cluster: Cluster, error: PhaseError | null): void {
  const [alive, all] = [serversOf(living).length, serversOf(cluster).length];
  if (error === null || alive > all / 2) return;
  throw new HareError(`${alive} of ${all} server nodes answer, too few: ${error.message}`, {
    hint: error.hint,
    cause: error,
  });
}

async function clusterOf(
  { generated, ...saved }: SavedGenerated,
  options: OperateOptions,
  world: OperationWorld,
): Promise<Cluster> {
  return await realCluster({ generated, saved, mkfs: "never", gate: gateOf(options) }, world);
}
