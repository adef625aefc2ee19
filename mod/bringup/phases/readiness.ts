/**
 * What several phases ask before they believe that something runs.
 *
 * @module
 */

import { ConsulError } from "../../consul/mod.ts";
import { UnitError } from "../../host/errors.ts";
import { type Readiness, waitFor } from "../../lib/wait_for.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";

/** Options of {@linkcode waitForUnits}. */
export interface WaitForUnitsOptions extends StepOptions {
  /** What is waited for: "hax to answer Consul". */
  readonly what: string;
  /** What to do when the phase's time limit runs out. */
  readonly hint?: string | undefined;
}

/**
 * Waits until `condition` is ready, for as long as the phase may take, and gives up as soon as one of
 * the units has ended on one of the hosts.
 *
 * @throws {UnitError} with the unit's last lines when one ends
 * @throws {TimeLimitError} with the last reason when the phase's time limit runs out
 */
export async function waitForUnits(
  cluster: Cluster,
  hosts: readonly ClusterHost[],
  units: readonly string[],
  condition: (signal: AbortSignal) => Promise<Readiness<void>>,
  { what, signal, hint }: WaitForUnitsOptions,
): Promise<void> {
  const stop = new AbortController();
  const within = AbortSignal.any([signal, stop.signal]);
  const watches = hosts.map(async ({ host }) => {
    try {
      const unit = await host.unitEnd(units, { signal: within });
      const { why } = await host.unitStatus(unit, { signal });
      const reason = why === "" ? "it has ended" : why;
      stop.abort(new UnitError(host.name, unit, reason, await host.unitLog(unit, 5, { signal })));
    } catch (error) {
      stop.abort(error); // without effect where it is the wait that has ended
    }
  });
  try {
    await waitFor(what, condition, { signal: within, clock: cluster.clock, hint });
  } finally {
    stop.abort();
    await Promise.all(watches);
  }
}

/**
 * Which of a node's checks do not pass, each with what Consul's agent last heard; none when all
 * are well.
 *
 * @param ids IDs of the checks
 */
export async function failingChecks(
  { consul }: Cluster,
  { layout }: ClusterHost,
  ids: readonly string[],
  { signal }: StepOptions,
): Promise<readonly string[]> {
  const known = await consul.health.node(layout.node, { signal });
  return ids.flatMap((id) => {
    const check = known.find(({ checkId }) => checkId === id);
    if (check === undefined) return [`${id} is not in the catalog`];
    return check.status === "passing" ? [] : [`${id} is ${check.status}: ${check.output.trim()}`];
  });
}

/**
 * What `ask` answers, or `absent` where there is no Consul to ask yet: what a phase wants to know
 * before Consul has come up.
 */
export async function orWithoutConsul<T, A>(
  absent: A,
  ask: () => Promise<T>,
): Promise<T | A> {
  try {
    return await ask();
  } catch (error) {
    // Entries that the token may not read may exist.
    const isAway = error instanceof ConsulError && error.retryable && error.kind !== "filtered";
    if (isAway) return absent;
    throw error;
  }
}

/**
 * The entries of the KV that `ask` asks for. Consul may be down, if not told otherwise in a dry run
 * only: then there are none where it has never run on a server, else they are unknown.
 */
export async function askKv<T>(
  cluster: Cluster,
  ask: () => Promise<readonly T[]>,
  options: StepOptions & { readonly mayBeDown?: boolean },
): Promise<readonly T[] | "unknown"> {
  if (!(options.mayBeDown ?? cluster.gate.dryRun)) return await ask();
  const entries = await orWithoutConsul(null, ask);
  if (entries !== null) return entries;
  return await hasAnyKv(cluster, options) ? "unknown" : [];
}

/** Whether Consul has left data on a server. */
async function hasAnyKv(cluster: Cluster, options: StepOptions): Promise<boolean> {
  const found = serversOf(cluster).map(({ host, agent }) => host.exists(agent.dataDir, options));
  return (await Promise.all(found)).includes(true);
}
