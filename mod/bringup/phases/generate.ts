/**
 * Phase: the generated configuration, and what it was made from, are put where the servers keep
 * Hare's state. What was there before is kept beside it, one generation.
 *
 * @module
 */

import { FILE_NAMES } from "../../../cfgen/mod.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { formatSaved, SAVED_FILE } from "../saved.ts";

/** Directory of the generated files on a server. */
export const CONFIG_DIRECTORY = "/var/lib/hare/config";

/** Writes cfgen's files. */
export function generate(cluster: Cluster): Phase<ClusterHost> {
  const files = [
    ...FILE_NAMES.map((name) => ({
      path: `${CONFIG_DIRECTORY}/${name}`,
      content: cluster.generated.files[name],
    })),
    { path: SAVED_FILE, content: formatSaved(cluster.saved) },
  ];
  return {
    name: "generate",
    title: "generate the configuration",
    limitMs: 60_000,
    hosts: serversOf(cluster),
    isDone: async ({ host }, options) => {
      for (const { path, content } of files) {
        if (await host.readFile(path, options) !== content) return false;
      }
      return true;
    },
    run: async ({ host }, options) => {
      for (const { path, content } of files) {
        const before = await host.readFile(path, options);
        if (before !== null && before !== content) {
          await host.putFile({ path: `${path}.previous`, content: before, mode: 0o644 }, options);
        }
        await host.putFile({ path, content, mode: 0o644 }, options);
      }
    },
  };
}
