/**
 * Phase: each node's Consul agent is told of the node's services, with their checks and watches,
 * and the per-process files are written.
 *
 * @module
 */

import { processFiles, servicesFile } from "../../agent/node_files.ts";
import { servicesOf } from "../../agent/services.ts";
import { CONSUL_UNIT } from "../../host/places.ts";
import { waitFor } from "../../lib/wait_for.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { putConsulConfig } from "./consul.ts";

/** Registers the services of Mero's processes. */
export function registerServices(
  cluster: Cluster,
  hosts: readonly ClusterHost[] = cluster.hosts,
): Phase<ClusterHost> {
  return {
    name: "register",
    title: "register the services",
    limitMs: 30_000,
    hosts,
    run: async ({ host, hax, layout: { processes } }, options) => {
      const confdFile = host.programPath(cluster.target.confdFile);
      const files = processFiles(processes, cluster.target, confdFile);
      const [changed] = await Promise.all([
        putConsulConfig(cluster, host, servicesFile(processes, hax), options),
        ...files.map((file) => host.putFile(file, options)),
      ]);
      if (changed) await host.reloadUnit(CONSUL_UNIT, options);
    },
    settle: ({ signal }) =>
      cluster.gate.wait(() =>
        waitFor("every service in the catalog", async (within) => {
          const missing = await missingServices(cluster, hosts, within);
          return missing.length === 0
            ? { ready: true, value: undefined }
            : { ready: false, why: `missing: ${missing.join(", ")}` };
        }, { signal, clock: cluster.clock })
      ),
  };
}

/** The services that are not in the catalog, in words. */
async function missingServices(
  { consul }: Cluster,
  hosts: readonly ClusterHost[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const name of ["hax", "confd", "ios"] as const) {
    const known = await consul.catalog.service(name, { signal });
    const ids = new Set(known.map(({ node, id }) => `${node} ${id}`));
    for (const { layout, hax } of hosts) {
      const lacking = servicesOf(layout.processes, hax)
        .filter((service) => service.name === name && !ids.has(`${layout.node} ${service.id}`));
      missing.push(...lacking.map(({ id }) => `${name} ${id} of ${layout.node}`));
    }
  }
  return missing;
}
