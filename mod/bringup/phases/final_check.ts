/**
 * Phase: the whole cluster once more, as a client would see it.
 *
 * @module
 */

import { readEntrypoint } from "../../entrypoint/read.ts";
import { waitFor } from "../../lib/wait_for.ts";
import { servicesOf } from "../../agent/services.ts";
import { type Cluster, type ClusterHost, consulOf, serversOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { failingChecks } from "./readiness.ts";

/** Every service passes and the entrypoint is complete. */
export function finalCheck(cluster: Cluster): Phase<ClusterHost> {
  const limitMs = 30_000;
  return {
    name: "final",
    title: "check the whole cluster",
    limitMs,
    hosts: cluster.hosts,
    run: async (entry, options) => {
      const ids = servicesOf(entry.layout.processes, entry.hax).map(({ id }) => `service:${id}`);
      await waitFor("its services to pass", async () => {
        const failing = await failingChecks(entry, ids, options);
        return failing.length === 0
          ? { ready: true, value: undefined }
          : { ready: false, why: failing.join("; ") };
      }, { limitMs, signal: options.signal, clock: cluster.clock });
    },
    settle: async ({ signal }) => {
      const confds = serversOf(cluster).length;
      await waitFor("a complete entrypoint", async (within) => {
        const entrypoint = await readEntrypoint(consulOf(cluster), within);
        return entrypoint.confds.length === confds
          ? { ready: true, value: undefined }
          : { ready: false, why: `it has ${entrypoint.confds.length} of ${confds} confds` };
      }, { limitMs, signal, clock: cluster.clock });
    },
  };
}
