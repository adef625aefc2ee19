/**
 * Phase: what the KV says of the processes of a host that does not run is forgotten. It is from
 * before a shutdown, or from before the power went; a hax that read it would speak of processes
 * that are not there.
 *
 * @module
 */

import { HAX_UNIT } from "../../host/places.ts";
import { formatFid } from "../../lib/fid.ts";
import { processKey } from "../../kv/keys.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";

/** Forgets the states of processes. */
export function forgetStates(cluster: Cluster): Phase<ClusterHost> {
  const { consul, gate, target } = cluster;
  return {
    name: "forget",
    title: "forget the states of old",
    limitMs: 60_000,
    hosts: cluster.hosts,
    isDone: async ({ host, layout }, options) => {
      // A server that runs on without its hax is spoken of in truth.
      const units = [
        HAX_UNIT,
        ...layout.processes
          .filter(({ role }) => role === "confd" || role === "ios")
          .map(({ fid }) => target.units.server(formatFid(fid))),
      ];
      const states = await Promise.all(units.map((unit) => host.unitStatus(unit, options)));
      return states.some(({ state }) => state === "active" || state === "activating");
    },
    run: ({ name, layout }, { signal }) =>
      gate.change(
        { where: "KV", what: `forget the states of the processes of ${name}` },
        async () => {
          const keys = layout.processes.map(({ fid }) => processKey(fid));
          await Promise.all(keys.map((key) => consul.kv.delete(key, { signal })));
        },
      ),
  };
}
