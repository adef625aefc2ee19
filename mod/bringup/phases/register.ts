/**
 * Phase: each node's Consul agent is told of the node's services, with their checks and watches,
 * and the per-process files are written.
 *
 * @module
 */

import { nodeKey } from "../../lib/node_name.ts";
import { processFiles, servicesFile } from "../../agent/node_files.ts";
import { servicesOf } from "../../agent/services.ts";
import { CONSUL_UNIT } from "../../host/places.ts";
import { waitFor } from "../../lib/wait_for.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";
import { putConsulConfig } from "./consul.ts";
import { orWithoutConsul } from "./readiness.ts";

/**
 * An agent that was parted from the others, and forgotten by them, tells its services again when its
 * next reconciliation is due: one to two minutes later, and a reload makes it no sooner.
 */
const LIMIT_MS = 180_000;

/** Registers the services of Mero's processes. */
export function registerServices(
  cluster: Cluster,
  hosts: readonly ClusterHost[] = cluster.hosts,
): Phase<ClusterHost> {
  return {
    name: "register",
    title: "register the services",
    limitMs: LIMIT_MS,
    hosts,
    run: async (entry, options) => {
      const { host, hax, agent, layout: { processes } } = entry;
      const files = processFiles(processes, cluster.target, {
        nodeUuid: agent.nodeId,
        programPath: (path) => host.programPath(path),
      });
      const [changed] = await Promise.all([
        putConsulConfig(cluster, host, servicesFile(processes, hax), options),
        ...files.map((file) => host.putFile(file, options)),
      ]);
      if (changed || await hasNotRead(cluster, entry, options)) {
        await host.reloadUnit(CONSUL_UNIT, options);
      }
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

/**
 * Whether an agent that has run since before this bring-up knows nothing of services in its file: an
 * earlier bring-up was cut short before it had the agent read it.
 */
async function hasNotRead(
  cluster: Cluster,
  entry: ClusterHost,
  options: StepOptions,
): Promise<boolean> {
  const isNew = cluster.gate.made.some(({ where, starts }) =>
    where === entry.host.name && starts === CONSUL_UNIT
  );
  if (isNew || (await entry.host.unitStatus(CONSUL_UNIT, options)).state !== "active") return false;
  const missing = () => missingServices(cluster, [entry], options.signal);
  return (await orWithoutConsul([], missing)).length > 0;
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
    const ids = new Set(known.map(({ node, id }) => `${nodeKey(node)} ${id}`));
    for (const { layout, hax } of hosts) {
      const lacking = servicesOf(layout.processes, hax)
        .filter((service) =>
          service.name === name && !ids.has(`${nodeKey(layout.node)} ${service.id}`)
        );
      missing.push(...lacking.map(({ id }) => `${name} ${id} of ${layout.node}`));
    }
  }
  return missing;
}
