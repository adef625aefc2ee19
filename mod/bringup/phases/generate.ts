/**
 * Phase: the generated configuration is put where the first server keeps its state.
 *
 * @module
 */

import { FILE_NAMES } from "../../../cfgen/mod.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";

/** Directory of the generated files on the server where bring-up runs. */
export const CONFIG_DIRECTORY = "/var/lib/hare/config";

/** Writes cfgen's files. */
export function generate(cluster: Cluster): Phase<ClusterHost> {
  return {
    name: "generate",
    title: "generate the configuration",
    limitMs: 60_000,
    hosts: serversOf(cluster).slice(0, 1),
    run: async ({ host }, options) => {
      for (const name of FILE_NAMES) {
        const content = cluster.generated.files[name];
        await host.putFile({ path: `${CONFIG_DIRECTORY}/${name}`, content, mode: 0o644 }, options);
      }
    },
  };
}
