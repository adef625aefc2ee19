/**
 * Formatting a server's storage: only where that was asked for, and never silently over data (spec:
 * bootstrap.md; docs/storage.md).
 *
 * @module
 */

import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { mkfsKey } from "../../kv/keys.ts";
import { HareError } from "../../lib/errors.ts";
import { formatFid } from "../../lib/fid.ts";
import {
  decide,
  type Decision,
  type DeviceInspection,
  type Finding,
  isInQuestion,
  type StorageAnswer,
} from "../../storage/mod.ts";
import type { Cluster, ClusterHost } from "../cluster.ts";
import type { StepOptions } from "../engine.ts";
import { askStorage, findingsFor } from "../storage.ts";
import {
  generationOf,
  type KvNote,
  markerOf,
  markerPath,
  readNote,
  readNotes,
  withoutOwn,
} from "./mkfs_note.ts";

/** The inspected storage of some processes of a host. */
export interface KnownStorage {
  readonly processes: readonly ProcessLayout[];
  readonly notes: ReadonlyMap<string, KvNote> | "unknown";
  /** Text of each process's marker on the host. */
  readonly markers: ReadonlyMap<ProcessLayout, string | null>;
  /** `null` if no decision depends on it. */
  readonly answer: StorageAnswer | null;
}

/** A decision about a process's storage, and its basis. */
export interface Decided {
  readonly process: ProcessLayout;
  readonly decision: Decision;
  readonly findings: readonly Finding[];
  readonly devices: readonly DeviceInspection[];
}

/**
 * Formats a process's storage if {@linkcode decide} says so.
 *
 * @throws {HareError} when there is data that must not be destroyed, a device is in use, or the
 * storage should have been formatted before and was not
 */
export async function makeFileSystem(
  cluster: Cluster,
  entry: ClusterHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<void> {
  const mayBeDown = cluster.gate.dryRun;
  const known = await lookAtStorage(cluster, entry, [process], { ...options, mayBeDown });
  const [decided] = decideOn(cluster, entry, known);
  if (decided === undefined) return;
  const { decision } = decided;
  switch (decision.kind) {
    case "keep":
      return;
    case "doubt":
      return cluster.gate.doubt(
        `${entry.name}: ${
          formatFid(process.fid)
        }: ${decision.reason}; whether it is this cluster's ` +
          "is in Consul's KV, and Consul does not run: if it is, a run keeps it, else it stops there",
      );
    case "refuse":
      throw refusal(entry, process, decision);
    case "format":
      return await format(cluster, entry, decided, options);
  }
}

/** Why a process's storage is not formatted, as an error. */
export function refusal(
  { name }: ClusterHost,
  { fid }: ProcessLayout,
  { reason, hint }: { readonly reason: string; readonly hint: string },
): HareError {
  return new HareError(`${name}: ${formatFid(fid)}: ${reason}`, { hint });
}

/**
 * Gathers the data that a decision depends on.
 *
 * @throws {HareError} when the host or Consul does not answer
 */
export async function lookAtStorage(
  cluster: Cluster,
  entry: ClusterHost,
  processes: readonly ProcessLayout[],
  options: StepOptions & { readonly mayBeDown: boolean },
): Promise<KnownStorage> {
  const { mkfs: policy, target } = cluster;
  const read = () => readNotes(cluster, options.mayBeDown, options);
  const before = await read();
  const reading = processes.map(async (process) => {
    const text = await entry.host.readFile(markerPath(target, process), options);
    return [process, text] as const;
  });
  const markers = new Map(await Promise.all(reading));
  const common = { processes, markers };
  const inQuestion = processes.filter((process) =>
    isInQuestion({ policy, note: noteOf(process, before, markers).note })
  );
  if (inQuestion.length === 0) return { ...common, notes: before, answer: null };
  const answer = await askStorage(cluster, entry, inQuestion, options);
  // Again: the formatting of another process of the host may have begun meanwhile.
  return { ...common, notes: await read(), answer };
}

/** Makes a decision from the gathered data. */
export function decideOn(
  cluster: Cluster,
  entry: ClusterHost,
  { processes, notes, markers, answer }: KnownStorage,
): readonly Decided[] {
  const { mkfs: policy } = cluster;
  const formatted = notes === "unknown"
    ? new Set(entry.layout.processes.map(({ fid }) => formatFid(fid)))
    : new Set(notes.keys());
  return processes.map((process) => {
    const { note, marker } = noteOf(process, notes, markers);
    if (answer === null || !isInQuestion({ policy, note })) {
      return {
        process,
        decision: decide({ policy, note, findings: [] }),
        findings: [],
        devices: [],
      };
    }
    const own = new Set(process.disks.map(({ path }) => path));
    const devices = answer.devices.filter(({ path }) => own.has(path));
    const all = findingsFor(cluster, entry, process, answer, formatted);
    const findings = withoutOwn(all, marker, devices);
    return { process, decision: decide({ policy, note, findings }), findings, devices };
  });
}

function noteOf(
  process: ProcessLayout,
  notes: KnownStorage["notes"],
  markers: KnownStorage["markers"],
): ReturnType<typeof readNote> {
  if (notes === "unknown") return { note: "unknown", marker: null };
  return readNote(notes.get(formatFid(process.fid)), markers.get(process) ?? null);
}

/**
 * Formats, and records the start and the end. The record of the start proves that the leftovers of
 * an interrupted mkfs are no data. Formatting can be repeated until the server is started; the
 * server is started only when the KV says that formatting is done.
 */
async function format(
  cluster: Cluster,
  { host }: ClusterHost,
  { process, findings, devices }: Decided,
  options: StepOptions,
): Promise<void> {
  const { target, consul, gate, clock } = cluster;
  const { signal } = options;
  const key = mkfsKey(process.fid);
  const of = await generationOf(cluster, options);
  const put = (what: string, note: object) =>
    gate.change(
      { where: "KV", what: `put ${key}: ${what}` },
      () => consul.kv.put(key, JSON.stringify(note), { signal }),
    );
  const now = () => new Date(clock.now()).toISOString();
  const id = crypto.randomUUID();
  const marker = markerOf(id, findings, devices);
  const mark = (done: boolean) => {
    const content = `${JSON.stringify({ ...marker, done })}\n`;
    return host.keepFile({ path: markerPath(target, process), content, mode: 0o600 }, options);
  };
  await put("begun", { begun: now(), id, of });
  await mark(false);
  await host.runUnit(target.units.mkfs(formatFid(process.fid)), options);
  await mark(true);
  await put("done", { at: now(), of });
}
