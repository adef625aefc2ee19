/**
 * Phase: each node's Consul agent is told of the node's services, with their checks and watches,
 * and the per-process files are written.
 *
 * @module
 */

import { type ProcessParams, renderProcessFile } from "../../agent/process_file.ts";
import { renderServices, servicesOf } from "../../agent/services.ts";
import { CONSUL_CONFIG_DIRECTORY, CONSUL_UNIT } from "../../host/places.ts";
import { formatFid } from "../../lib/fid.ts";
import { waitFor } from "../../lib/wait_for.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { validateConfig } from "./consul.ts";

/** Registers the services of Mero's processes. */
export function registerServices(cluster: Cluster): Phase<ClusterHost> {
  return {
    name: "register",
    title: "register the services",
    limitMs: 30_000,
    hosts: cluster.hosts,
    run: async (entry, { signal }) => {
      const { host, hax, layout } = entry;
      for (const file of processFiles(cluster, entry)) await host.putFile(file, { signal });
      const changed = await host.putFile({
        path: `${CONSUL_CONFIG_DIRECTORY}/services.json`,
        content: renderServices(layout.processes, hax),
        mode: 0o640,
      }, { signal });
      if (!changed) return;
      await cluster.gate.wait(() => validateConfig(cluster, host, { signal }));
      await host.reloadUnit(CONSUL_UNIT, { signal });
    },
    settle: ({ signal }) =>
      cluster.gate.wait(() =>
        waitFor("every service in the catalog", async (within) => {
          const missing = await missingServices(cluster, within);
          return missing.length === 0
            ? { ready: true, value: undefined }
            : { ready: false, why: `missing: ${missing.join(", ")}` };
        }, { signal, clock: cluster.clock })
      ),
  };
}

/** The services that are not in the catalog, in words. */
async function missingServices(cluster: Cluster, signal: AbortSignal): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const name of ["hax", "confd", "ios"] as const) {
    const known = await cluster.consul.catalog.service(name, { signal });
    const ids = new Set(known.map(({ node, id }) => `${node} ${id}`));
    for (const { layout, hax } of cluster.hosts) {
      const lacking = servicesOf(layout.processes, hax)
        .filter((service) => service.name === name && !ids.has(`${layout.node} ${service.id}`));
      missing.push(...lacking.map(({ id }) => `${name} ${id} of ${layout.node}`));
    }
  }
  return missing;
}

/** The per-process files of a host's servers. */
function processFiles(
  { target }: Cluster,
  { host, layout }: ClusterHost,
): { path: string; content: string; mode: number }[] {
  const hax = layout.processes.find(({ role }) => role === "hax");
  if (hax === undefined) return [];
  return layout.processes
    .filter(({ role }) => role === "confd" || role === "ios")
    .map((process) => {
      const fid = formatFid(process.fid);
      const params: ProcessParams = {
        M0D_EP: process.endpoint,
        HA_EP: hax.endpoint,
        PROCESS_FID: fid,
        ...(process.role === "confd" ? { CONF_XC: host.programPath(target.confdFile) } : {}),
      };
      const content = renderProcessFile(target.variablePrefix, params);
      return { path: target.processFile(fid), content, mode: 0o644 };
    });
}
