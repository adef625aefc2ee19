/**
 * `hare dev stop`: stops every process of a development cluster, in order; its data stay.
 *
 * @module
 */

import { type BringUpEvent, runPhases } from "../bringup/engine.ts";
import { Gate } from "../bringup/gate.ts";
import { shutdownPhases } from "../bringup/shutdown.ts";
import { clusterOf, type DevWorld } from "./cluster.ts";
import { configurationOf } from "./configuration.ts";
import { lockDirectory } from "./directory.ts";
import type { DevState } from "./state.ts";

/** How a cluster is stopped. */
export interface StopOptions {
  readonly signal: AbortSignal;
  readonly report: (event: BringUpEvent) => void;
}

/**
 * Stops the cluster, as `hare shutdown` stops one of real hosts.
 *
 * @throws {PhaseError} when something cannot be stopped
 */
export async function stop(
  state: DevState,
  world: DevWorld,
  { signal, report }: StopOptions,
): Promise<void> {
  using _lock = await lockDirectory(world.dir);
  const made = configurationOf({ ...state, cdfName: "cdf.yaml" }, world.dir);
  const gate = new Gate({ dryRun: false, note: () => {} });
  const phases = shutdownPhases(await clusterOf(state, made, gate, world), () => {});
  await runPhases(phases, { signal, clock: world.clock, report });
}
