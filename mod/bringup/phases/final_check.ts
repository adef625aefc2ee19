/**
 * Phase: the whole cluster once more, as a client would see it.
 *
 * @module
 */

import { readEntrypoint } from "../../entrypoint/read.ts";
import { waitFor } from "../../lib/wait_for.ts";
import { servicesOf } from "../../agent/services.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { failingChecks } from "./readiness.ts";

/** Every service passes and the entrypoint is complete. */
export function finalCheck(cluster: Cluster): Phase<ClusterHost> {
  return {
    name: "final",
    title: "check the whole cluster",
    limitMs: 30_000,
    hosts: cluster.hosts,
    run: (entry, options) =>
      cluster.gate.wait(async () => {
        const ids = servicesOf(entry.layout.processes, entry.hax).map(({ id }) => `service:${id}`);
        await waitFor("its services to pass", async (signal) => {
          const failing = await failingChecks(cluster, entry, ids, { signal });
          return failing.length === 0
            ? { ready: true, value: undefined }
            : { ready: false, why: failing.join("; ") };
        }, { signal: options.signal, clock: cluster.clock });
      }),
    settle: ({ signal }) =>
      cluster.gate.wait(async () => {
        const confds = cluster.generated.cluster.hosts
          .flatMap(({ processes }) => processes)
          .filter(({ role }) => role === "confd").length;
        await waitFor("a complete entrypoint", async (within) => {
          const entrypoint = await readEntrypoint(cluster.consul, within);
          return entrypoint.confds.length === confds
            ? { ready: true, value: undefined }
            : { ready: false, why: `it has ${entrypoint.confds.length} of ${confds} confds` };
        }, { signal, clock: cluster.clock });
      }),
  };
}
