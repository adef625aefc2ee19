/**
 * Formatting a server's storage: only where that was asked for, and never silently over data (spec:
 * bootstrap.md).
 *
 * @module
 */

import * as z from "zod";
import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { mkfsKey } from "../../kv/keys.ts";
import { HareError } from "../../lib/errors.ts";
import { formatFid } from "../../lib/fid.ts";
import { jsonText } from "../../lib/json_text.ts";
import type { Cluster } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";
import type { GatedHost } from "../gated_host.ts";
import { askKv } from "./readiness.ts";

const noteSchema = jsonText(
  z.union([z.object({ at: z.string() }), z.object({ begun: z.string() })]),
);

/**
 * Formats a process's storage where the cluster's policy says so, and notes it in the KV: first that
 * it is begun, because what a mkfs that was cut short has left is nobody's data.
 *
 * @throws {HareError} when there is data that must not be destroyed, or none where there must be
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
  const key = mkfsKey(process.fid);
  const put = (what: string, note: object) =>
    gate.change(
      { where: "KV", what: `put ${key}: ${what}` },
      () => consul.kv.put(key, JSON.stringify(note), { signal }),
    );
  const now = () => new Date(clock.now()).toISOString();
  await put("begun", { begun: now() });
  await host.runUnit(target.units.mkfs(formatFid(process.fid)), options);
  await put("done", { at: now() });
}

async function isToBeFormatted(
  cluster: Cluster,
  host: GatedHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<boolean> {
  const { mkfs, target, gate } = cluster;
  const fid = formatFid(process.fid);
  if (mkfs === "all") return true;
  const known = await whatIsKnown(cluster, process, options);
  if (mkfs === "never") {
    if (known === "formatted" || known === "unknown") return false;
    throw new HareError(`${host.name}: the storage of ${fid} was never formatted`, {
      hint: "bring the cluster up with `hare bootstrap`",
    });
  }
  if (known === "begun") return true;
  if (mkfs === "new" && known === "formatted") return false;
  const directory = `${target.dataDirectory}/m0d-${fid}`;
  const data = await placesWithData(host, directory, process, options);
  if (data.length === 0) return true;
  if (known === "unknown") {
    gate.doubt(
      `${host.name}: there is data for ${fid}: ${
        data.join(", ")
      }; whether it is this cluster's is ` +
        "in Consul's KV, and Consul does not run: if it is, a run keeps it, else it stops there",
    );
    return false;
  }
  const what = known === "formatted" ? "data" : "data that this cluster knows nothing of";
  throw new HareError(`${host.name}: there is ${what} for ${fid}: ${data.join(", ")}`, {
    hint: "if it may be destroyed, format with `--mkfs --yes`",
  });
}

/** What the KV knows of a storage; `unknown` in a dry run while Consul is down. */
async function whatIsKnown(
  cluster: Cluster,
  process: ProcessLayout,
  options: StepOptions,
): Promise<"formatted" | "begun" | "nothing" | "unknown"> {
  const key = mkfsKey(process.fid);
  const entries = await askKv(
    cluster,
    async () => {
      const entry = await cluster.consul.kv.get(key, { ...options, consistent: true });
      return entry === null ? [] : [entry];
    },
    options,
  );
  if (entries === "unknown") return "unknown";
  const [entry] = entries;
  if (entry === undefined) return "nothing";
  const note = noteSchema.safeParse(entry.value);
  return note.success && "begun" in note.data ? "begun" : "formatted";
}

// Prints how many of the first 64 KiB are no zeros, as far as the first such byte: 0 or 1.
const PROBE_DISK = `
head -c 65536 -- "$1" >/dev/null || exit 1
head -c 65536 -- "$1" | tr -d '\\000' | head -c 1 | wc -c`;
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
  const found = probes.map(async ([script, path]) => {
    const { code, stdout, stderr } = await host.ask(["sh", "-c", script, "sh", path], options);
    if (code !== 0) throw new HareError(`${host.name}: cannot look at ${path}: ${stderr.trim()}`);
    return stdout.trim() === "0" ? [] : [path];
  });
  return (await Promise.all(found)).flat();
}
