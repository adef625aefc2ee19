/**
 * Phase: every host is asked for a sign of life, so that a dead one costs its time limit once.
 *
 * @module
 */

import { CONSUL_UNIT } from "../../host/places.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";

/** Reaches every host. */
export function reachHosts(cluster: Cluster): Phase<ClusterHost> {
  return {
    name: "reach",
    title: "reach every host",
    limitMs: 60_000,
    hosts: cluster.hosts,
    run: async ({ host }, options) => {
      await host.unitStatus(CONSUL_UNIT, options);
    },
  };
}
