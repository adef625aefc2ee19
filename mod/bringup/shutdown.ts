/**
 * The phases of `hare shutdown`: everything is stopped in the reverse order of its start, and
 * nothing that is not Hare's is touched (spec: commands.md, Operating).
 *
 * @module
 */

import { formatFid } from "../lib/fid.ts";
import { clientsOf, type Cluster, type ClusterHost, processesOf, serversOf } from "./cluster.ts";
import type { Phase } from "./engine.ts";
import { CONSUL_UNIT, HAX_UNIT, RC_UNIT } from "../host/places.ts";

/** Mero's servers take up to 15 s to stop and more; systemd kills them after 90 s. */
const LIMIT_MS = 120_000;

/** The phases that stop a cluster. */
export function shutdownPhases(cluster: Cluster): readonly Phase<ClusterHost>[] {
  const servers = serversOf(cluster);
  const otherServers = servers.filter((host) => host !== cluster.own);
  const mero = (role: "confd" | "ios") => (host: ClusterHost) =>
    processesOf(host, role).map(({ fid }) => cluster.target.units.server(formatFid(fid)));
  const hostsWith = (role: "confd" | "ios") =>
    cluster.hosts.filter((host) => processesOf(host, role).length > 0);
  return [
    stopUnits("ios", "stop the io servers", hostsWith("ios"), mero("ios")),
    stopUnits("confd", "stop the confds", hostsWith("confd"), mero("confd")),
    stopUnits("hax", "stop hax", cluster.hosts, () => [HAX_UNIT]),
    stopUnits("rc", "stop the recovery coordinator", servers, () => [RC_UNIT]),
    stopUnits("consul-clients", "stop the Consul clients", clientsOf(cluster), () => [CONSUL_UNIT]),
    stopUnits("consul-servers", "stop the other Consul servers", otherServers, () => [CONSUL_UNIT]),
    // Last, because it is the one that was asked about the cluster.
    stopUnits("consul-own", "stop the last Consul server", [cluster.own], () => [CONSUL_UNIT]),
  ];
}

function stopUnits(
  name: string,
  title: string,
  hosts: readonly ClusterHost[],
  unitsOf: (host: ClusterHost) => readonly string[],
): Phase<ClusterHost> {
  return {
    name,
    title,
    limitMs: LIMIT_MS,
    hosts,
    isDone: async (entry, options) => {
      for (const unit of unitsOf(entry)) {
        const { state } = await entry.host.unitStatus(unit, options);
        if (state === "active" || state === "activating") return false;
      }
      return true;
    },
    run: async (entry, options) => {
      await Promise.all(unitsOf(entry).map((unit) => entry.host.stopUnit(unit, options)));
    },
  };
}
