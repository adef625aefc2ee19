/**
 * Phase: hax on every node, until Consul sees it pass.
 *
 * @module
 */

import { serviceId } from "../../agent/services.ts";
import { waitFor } from "../../lib/wait_for.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { failedUnit, failingChecks } from "./readiness.ts";

/** The unit of hax. */
export const HAX_UNIT = "hare-hax";

/** Starts hax. */
export function startHax(cluster: Cluster): Phase<ClusterHost> {
  const limitMs = 30_000;
  const checks = ({ layout }: ClusterHost) =>
    layout.processes
      .filter(({ role }) => role === "hax")
      .map((process) => `service:${serviceId(process, "hax")}`);
  return {
    name: "hax",
    title: "start hax",
    limitMs,
    hosts: cluster.hosts,
    isDone: async (entry, options) =>
      (await entry.host.unitStatus(HAX_UNIT, options)).state === "active" &&
      (await failingChecks(entry, checks(entry), options)).length === 0,
    run: async (entry, options) => {
      await entry.host.startUnit(HAX_UNIT, options);
      await waitFor("hax to answer Consul", async () => {
        const failed = await failedUnit(entry, HAX_UNIT, options);
        if (failed !== null) return { ready: "never", error: failed };
        const failing = await failingChecks(entry, checks(entry), options);
        return failing.length === 0
          ? { ready: true, value: undefined }
          : { ready: false, why: failing.join("; ") };
      }, { limitMs, signal: options.signal, clock: cluster.clock });
    },
  };
}
