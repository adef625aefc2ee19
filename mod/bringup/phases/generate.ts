/**
 * Phase: the generated configuration is put where the servers keep Hare's state, and what it was
 * made from where every host does. What was there before is kept beside it, one generation.
 *
 * @module
 */

import { FILE_NAMES } from "../../../cfgen/mod.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { formatSaved, SAVED_FILE } from "../saved.ts";

/** Directory of the generated files on a server. */
export const CONFIG_DIRECTORY = "/var/lib/hare/config";

/** Writes cfgen's files. */
export function generate(cluster: Cluster): Phase<ClusterHost> {
  const saved = { path: SAVED_FILE, content: formatSaved(cluster.saved) };
  const files = [
    ...FILE_NAMES.map((name) => ({
      path: `${CONFIG_DIRECTORY}/${name}`,
      content: cluster.generated.files[name],
    })),
    saved,
  ];
  const filesOf = ({ layout }: ClusterHost) => layout.isServer ? files : [saved];
  return {
    name: "generate",
    title: "generate the configuration",
    limitMs: 60_000,
    hosts: cluster.hosts,
    isDone: async (entry, options) => {
      const same = filesOf(entry).map(async ({ path, content }) =>
        await entry.host.readFile(path, options) === content
      );
      return !(await Promise.all(same)).includes(false);
    },
    run: async (entry, options) => {
      const put = async (path: string, content: string) => {
        const before = await entry.host.readFile(path, options);
        if (before === content) return;
        if (before !== null) {
          const previous = { path: `${path}.previous`, content: before, mode: 0o644 };
          await entry.host.putFile(previous, options);
        }
        await entry.host.putFile({ path, content, mode: 0o644 }, options);
      };
      await Promise.all(filesOf(entry).map(({ path, content }) => put(path, content)));
    },
  };
}
