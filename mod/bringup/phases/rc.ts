/**
 * Phase: the recovery coordinator on every server, until one of them leads.
 *
 * @module
 */

import { LEADER } from "../../kv/keys.ts";
import { waitFor } from "../../lib/wait_for.ts";
import { type Cluster, type ClusterHost, consulOf, serversOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { failedUnit } from "./readiness.ts";

/** The unit of the recovery coordinator. */
export const RC_UNIT = "hare-rc";

/** Starts the RC. */
export function startRc(cluster: Cluster): Phase<ClusterHost> {
  const limitMs = 60_000;
  const servers = serversOf(cluster);
  return {
    name: "rc",
    title: "start the recovery coordinator",
    limitMs,
    hosts: servers,
    isDone: async ({ host }, options) =>
      (await host.unitStatus(RC_UNIT, options)).state === "active",
    run: ({ host }, options) => host.startUnit(RC_UNIT, options),
    settle: async (options) => {
      await waitFor("a leader", async (signal) => {
        for (const entry of servers) {
          const failed = await failedUnit(entry, RC_UNIT, options);
          if (failed !== null) return { ready: "never", error: failed };
        }
        const leader = await consulOf(cluster).kv.get(LEADER, { signal });
        return leader?.session && servers.some(({ layout }) => layout.node === leader.value)
          ? { ready: true, value: undefined }
          : { ready: false, why: "no RC holds the key `leader`" };
      }, { limitMs, signal: options.signal, clock: cluster.clock });
    },
  };
}
