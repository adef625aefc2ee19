/**
 * What several phases ask before they believe that something runs.
 *
 * @module
 */

import { UnitError } from "../../host/errors.ts";
import type { ClusterHost } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";

/** The error to give up with when a unit has failed; `null` while it has not. */
export async function failedUnit(
  { host }: ClusterHost,
  unit: string,
  options: StepOptions,
): Promise<UnitError | null> {
  const { state, why } = await host.unitStatus(unit, options);
  if (state !== "failed" && state !== "inactive") return null;
  const reason = state === "failed" ? why : "it has ended";
  return new UnitError(host.name, unit, reason, await host.unitLog(unit, 5, options));
}

/**
 * Which of a node's checks do not pass, each with what Consul's agent last heard; none when all
 * are well.
 *
 * @param ids IDs of the checks
 */
export async function failingChecks(
  { consul, layout }: ClusterHost,
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
