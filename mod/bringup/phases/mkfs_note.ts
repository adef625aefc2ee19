/**
 * Notes of a process's formatting: it has begun, and it is done. A note is in the KV, with the
 * configuration that it belongs to. A marker with the same id is on the host, beside the data
 * directory. A note without its marker proves nothing: the KV may be another cluster's. After the
 * KV was restored from an old snapshot, the marker still shows that the formatting was finished.
 *
 * @module
 */

import * as z from "zod";
import type { ProcessLayout, Target } from "../../../cfgen/mod.ts";
import { IMPORTED, MKFS_PREFIX } from "../../kv/keys.ts";
import { formatFid } from "../../lib/fid.ts";
import { jsonText } from "../../lib/json_text.ts";
import type { DeviceInspection, Finding, MkfsNote } from "../../storage/mod.ts";
import type { Cluster } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";
import { digestOf } from "./configuration_keys.ts";
import { importedSchema } from "./former_cluster.ts";
import { askKv, orWithoutConsul } from "./readiness.ts";

/** Notes of earlier versions have neither `of` nor `id`. */
const noteSchema = jsonText(z.union([
  z.object({ begun: z.string(), id: z.string().optional(), of: z.string().optional() }),
  z.object({ at: z.string(), of: z.string().optional() }),
]));

/** The KV's note of a process's formatting. */
export type KvNote = z.infer<typeof noteSchema>;

const markerSchema = jsonText(z.object({
  id: z.string(),
  /** Whether mkfs has succeeded. */
  done: z.boolean(),
  /** The findings that the user's consent has overridden. */
  consented: z.array(z.string()),
  /** The identity of each device, by path. */
  devices: z.record(z.string(), z.string()),
}));

/** The host's record of the last formatting of a process's storage. */
export type MkfsMarker = z.infer<typeof markerSchema>;

/** Path of a process's marker on its host. */
export function markerPath(target: Target, { fid }: ProcessLayout): string {
  return `${target.dataDirectory}/.hare-mkfs-${formatFid(fid)}.json`;
}

/** The marker of a formatting over these findings. */
export function markerOf(
  id: string,
  findings: readonly Finding[],
  devices: readonly DeviceInspection[],
): MkfsMarker {
  return {
    id,
    done: false,
    consented: findings.map(({ text }) => text),
    devices: Object.fromEntries(devices.map((device) => [device.path, nameOf(device)])),
  };
}

/**
 * The notes of this configuration by fid; `unknown` while Consul is down.
 *
 * @param mayBeDown Consul may not run yet
 */
export async function readNotes(
  cluster: Cluster,
  mayBeDown: boolean,
  { signal }: StepOptions,
): Promise<ReadonlyMap<string, KvNote> | "unknown"> {
  const entries = await askKv(
    cluster,
    () => cluster.consul.kv.list(MKFS_PREFIX, { signal, consistent: true }),
    { signal, mayBeDown },
  );
  if (entries === "unknown") return "unknown";
  const generation = await generationOf(cluster, { signal });
  return new Map(entries.flatMap(({ key, value }): [string, KvNote][] => {
    const note = noteSchema.safeParse(value);
    // An unreadable note was written by another program: it proves that there was a formatting.
    const known = note.success ? note.data : { at: "" };
    const isOfThis = known.of === undefined || known.of === generation;
    return isOfThis ? [[key.slice(MKFS_PREFIX.length), known]] : [];
  }));
}

/**
 * The configuration that notes belong to: the configuration in the KV, which may come from edited
 * files; with `--force`, or if the KV has none, this configuration.
 */
export async function generationOf(cluster: Cluster, { signal }: StepOptions): Promise<string> {
  const own = await digestOf(cluster);
  if (cluster.force) return own;
  const mark = await orWithoutConsul(null, () => cluster.consul.kv.get(IMPORTED, { signal }));
  const imported = importedSchema.safeParse(mark?.value);
  return imported.success ? imported.data.digest : own;
}

/** The meaning of a note, given the marker's text on the host. */
export function readNote(
  note: KvNote | undefined,
  markerText: string | null,
): { readonly note: MkfsNote; readonly marker: MkfsMarker | null } {
  if (note === undefined) return { note: "nothing", marker: null };
  if ("at" in note) return { note: "formatted", marker: null };
  const marker = markerSchema.safeParse(markerText);
  if (!marker.success || marker.data.id !== note.id) return { note: "unproven", marker: null };
  return { note: marker.data.done ? "formatted" : "begun", marker: marker.data };
}

/**
 * The findings that are new since this formatting began, without its possible leftovers: files in
 * the process's directory, and bytes on the same devices that no tool recognizes.
 */
export function withoutOwn(
  findings: readonly Finding[],
  marker: MkfsMarker | null,
  devices: readonly DeviceInspection[],
): readonly Finding[] {
  if (marker === null) return findings;
  const isOwn = ({ kind, place }: Finding) => {
    if (kind !== "data") return false;
    const device = devices.find(({ path }) => path === place);
    return device === undefined || marker.devices[place] === nameOf(device);
  };
  return findings.filter((finding) => !isOwn(finding) && !marker.consented.includes(finding.text));
}

/** The identity of a device, also after a reboot. */
function nameOf({ wwn, serial, kind, number, size }: DeviceInspection): string {
  if (wwn !== "") return wwn;
  if (serial !== "") return serial;
  return kind === "file" ? number : `${size} bytes`;
}
