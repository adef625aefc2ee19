/**
 * Generated files that were made before, in place of those made now: `--conf-dir`, and what a
 * server keeps.
 *
 * @module
 */

import * as z from "zod";
import { type ClusterLayout, FILE_NAMES, type FileName, type Generated } from "../../cfgen/mod.ts";
import { layoutOf } from "../kv/cluster.ts";
import { HareError } from "../lib/errors.ts";
import { readTextFileIfAny } from "../lib/files.ts";
import { jsonText } from "../lib/json_text.ts";
import { join } from "../lib/std/path.ts";

/** The text of cfgen's `consul-kv.json`. */
export const kvFileSchema = jsonText(
  z.array(
    z.object({ key: z.string(), value: z.union([z.string(), z.number()]).transform(String) }),
  ),
);

/**
 * The same cluster with the files in `directory`, to the byte.
 *
 * @param generated what is made of the CDF and the hosts' facts now
 * @throws {HareError} when a file is missing, or they are files of another cluster
 */
export async function withFilesIn(directory: string, generated: Generated): Promise<Generated> {
  const reading = FILE_NAMES.map(async (name) => {
    const text = await readTextFileIfAny(join(directory, name));
    if (text !== null) return [name, text] as const;
    throw new HareError(`${directory} has no ${name}`, {
      hint: `make the configuration with \`hare cfgen -o ${directory} CDF\``,
    });
  });
  const files = Object.fromEntries(await Promise.all(reading)) as Record<FileName, string>;
  assertSameProcesses(
    join(directory, "consul-kv.json"),
    files["consul-kv.json"],
    generated.cluster,
  );
  return { ...generated, files };
}

/** What is started by one layout must be what the files configure. */
function assertSameProcesses(path: string, text: string, { hosts }: ClusterLayout): void {
  const entries = kvFileSchema.safeParse(text);
  if (!entries.success) throw new HareError(`${path} was not made by hare cfgen`);
  const { processes: processesInFile, unreadable: [fault] = [] } = layoutOf(entries.data);
  if (fault !== undefined) throw fault.error;
  const inFile = processesInFile
    .map(({ node, fidk, types, endpoint }) => [node, fidk, endpoint, ...types].join(" "));
  const inLayout = hosts.flatMap(({ node, processes }) =>
    processes.map(({ fidk, types, endpoint }) => [node, fidk, endpoint, ...types].join(" "))
  );
  const other = inFile.find((line) => !inLayout.includes(line)) ??
    inLayout.find((line) => !inFile.includes(line));
  if (other === undefined) return;
  throw new HareError(`${path} is of another cluster than the CDF and its hosts: ${other}`, {
    hint: "make the files again with `hare cfgen`, or leave --conf-dir out",
  });
}
