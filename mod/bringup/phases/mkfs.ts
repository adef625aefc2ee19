/**
 * Formatting a server's storage: only where that was asked for, and never silently over data (spec:
 * bootstrap.md).
 *
 * @module
 */

import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { mkfsKey } from "../../kv/keys.ts";
import { HareError } from "../../lib/errors.ts";
import { formatFid } from "../../lib/fid.ts";
import type { Cluster } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";
import type { GatedHost } from "../gated_host.ts";
import { orWithoutConsul } from "./readiness.ts";

/**
 * Formats a process's storage where the cluster's policy says so, and notes it in the KV.
 *
 * @throws {HareError} when there is data that the KV knows nothing of, or none where there must be
 */
export async function makeFileSystem(
  cluster: Cluster,
  host: GatedHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<void> {
  if (!await isToBeFormatted(cluster, host, process, options)) return;
  const { target, consul, gate, clock } = cluster;
  const { signal } = options;
  await host.startUnit(target.units.mkfs(formatFid(process.fid)), options);
  const key = mkfsKey(process.fid);
  const at = new Date(clock.now()).toISOString();
  await gate.change(
    { where: "KV", what: `put ${key}` },
    () => consul.kv.put(key, JSON.stringify({ at }), { signal }),
  );
}

async function isToBeFormatted(
  { consul, mkfs, target }: Cluster,
  host: GatedHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<boolean> {
  const fid = formatFid(process.fid);
  const key = mkfsKey(process.fid);
  const { signal } = options;
  const known = await orWithoutConsul(null, () => consul.kv.get(key, { signal, consistent: true }));
  switch (mkfs) {
    case "all":
      return true;
    case "never":
      if (known !== null) return false;
      throw new HareError(`${host.name}: the storage of ${fid} was never formatted`, {
        hint: "bring the cluster up with `hare bootstrap`",
      });
    case "new": {
      if (known !== null) return false;
      const directory = `${target.dataDirectory}/m0d-${fid}`;
      const data = await placesWithData(host, directory, process, options);
      if (data.length === 0) return true;
      throw new HareError(
        `${host.name}: there is data for ${fid} that this cluster knows nothing of: ${
          data.join(", ")
        }`,
        { hint: "if it may be destroyed, format with `--mkfs --yes`" },
      );
    }
  }
}

// Prints how many of the first 64 KiB are no zeros, as far as the first such byte: 0 or 1.
const PROBE_DISK = `head -c 65536 -- "$1" | tr -d '\\000' | head -c 1 | wc -c`;
const PROBE_DIRECTORY = `find "$1" -mindepth 1 -print -quit 2>/dev/null | wc -l`;

/** Where a process's storage is not empty: its data directory and its disks are looked at. */
async function placesWithData(
  host: GatedHost,
  directory: string,
  { disks }: ProcessLayout,
  options: StepOptions,
): Promise<readonly string[]> {
  const probes = [
    [PROBE_DIRECTORY, host.programPath(directory)],
    ...disks.map(({ path }) => [PROBE_DISK, path] as const),
  ] as const;
  const found: string[] = [];
  for (const [script, path] of probes) {
    const { code, stdout, stderr } = await host.ask(["sh", "-c", script, "sh", path], options);
    if (code !== 0) throw new HareError(`${host.name}: cannot look at ${path}: ${stderr.trim()}`);
    if (stdout.trim() !== "0") found.push(path);
  }
  return found;
}
