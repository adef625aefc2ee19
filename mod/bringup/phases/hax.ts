/**
 * Phase: hax on every node, until Consul sees it pass.
 *
 * @module
 */

import { checkId } from "../../agent/services.ts";
import { HAX_UNIT } from "../../host/places.ts";
import type { Readiness } from "../../lib/wait_for.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { failingChecks, orWithoutConsul, waitForUnits } from "./readiness.ts";

/** Starts hax. */
export function startHax(
  cluster: Cluster,
  hosts: readonly ClusterHost[] = cluster.hosts,
): Phase<ClusterHost> {
  const answers = async (entry: ClusterHost, signal: AbortSignal): Promise<Readiness<void>> => {
    const checks = entry.layout.processes
      .filter(({ role }) => role === "hax")
      .map((process) => checkId(process, "hax"));
    const failing = await failingChecks(cluster, entry, checks, { signal });
    return failing.length === 0
      ? { ready: true, value: undefined }
      : { ready: false, why: failing.join("; ") };
  };
  return {
    name: "hax",
    title: "start hax",
    limitMs: 30_000,
    hosts,
    isDone: async (entry, options) =>
      (await entry.host.unitStatus(HAX_UNIT, options)).state === "active" &&
      await orWithoutConsul(
        false,
        async () => (await answers(entry, options.signal)).ready === true,
      ),
    run: async (entry, options) => {
      await entry.host.enableUnit(HAX_UNIT, options);
      await entry.host.startUnit(HAX_UNIT, options);
      await cluster.gate.wait(() =>
        waitForUnits(cluster, [entry], [HAX_UNIT], (signal) => answers(entry, signal), {
          ...options,
          what: "hax to answer Consul",
        })
      );
    },
  };
}
