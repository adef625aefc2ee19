/**
 * Asks hosts about their storage, and lists the reasons not to format a process's part of it.
 *
 * @module
 */

import { type ProcessLayout, TARGETS } from "../../cfgen/mod.ts";
import { HareError } from "../lib/errors.ts";
import { formatFid } from "../lib/fid.ts";
import { failureIn } from "../lib/process.ts";
import {
  type DeviceInspection,
  type Finding,
  findingsOf,
  FORMAT,
  type PlacedDevice,
  readStorageAnswer,
  type StorageAnswer,
  type StorageQuestion,
} from "../storage/mod.ts";
import type { Cluster, ClusterHost } from "./cluster.ts";
import type { StepOptions } from "./engine.ts";

/** Time limit in milliseconds: a host may have many disks, and reading each may take a minute. */
const LIMIT_MS = 100_000;

/** The known devices of a cluster's hosts. */
export class KnownDevices {
  readonly #byHost = new Map<string, readonly DeviceInspection[]>();

  /** Adds a host's answer. */
  note(host: string, devices: readonly DeviceInspection[]): void {
    this.#byHost.set(host, devices);
  }

  /** All known devices. */
  get all(): readonly PlacedDevice[] {
    return [...this.#byHost].flatMap(([host, devices]) =>
      devices.map((device) => ({ host, device }))
    );
  }
}

/** The data directory of a process, as a path on its host. */
function directoryOf({ target }: Cluster, { host }: ClusterHost, fid: string): string {
  return host.programPath(`${target.dataDirectory}/m0d-${fid}`);
}

/**
 * Asks a host about all of the cluster's devices there.
 *
 * @param of the processes whose devices are to be read
 * @throws {HareError} when it does not answer
 */
export async function askStorage(
  { hareProgram, devices: known }: Cluster,
  { name, host, layout }: ClusterHost,
  of: readonly ProcessLayout[],
  { signal }: StepOptions,
): Promise<StorageAnswer> {
  const read = new Set(of.flatMap(({ disks }) => disks.map(({ path }) => path)));
  const paths = new Set(layout.processes.flatMap(({ disks }) => disks.map(({ path }) => path)));
  const question: StorageQuestion = {
    format: FORMAT,
    devices: [...paths].map((path) => ({ path, content: read.has(path) })),
    // Data of the other Mero directory counts, too.
    dataDirectories: Object.values(TARGETS).map(({ dataDirectory }) =>
      host.programPath(dataDirectory)
    ),
  };
  const stdin = JSON.stringify(question);
  const argv = [hareProgram, "inspect-storage", "--json"] as const;
  const { code, stdout, stderr } = await host.ask(argv, { signal, stdin, limitMs: LIMIT_MS });
  const answer = code === 0 ? readStorageAnswer(stdout) : failureIn({ code, stderr }).slice(0, 300);
  if (typeof answer !== "string") {
    known.note(name, answer.devices);
    return answer;
  }
  throw new HareError(`${name}: cannot inspect the storage: ${answer}`, {
    hint: `is the same hare installed there? \`hare install --upgrade --host ${name}\``,
  });
}

/**
 * The reasons not to format a process's storage.
 *
 * @param formatted fids of the processes that the cluster has formatted, or begun to format
 */
export function findingsFor(
  cluster: Cluster,
  entry: ClusterHost,
  process: ProcessLayout,
  answer: StorageAnswer,
  formatted: ReadonlySet<string>,
): readonly Finding[] {
  const own = new Set(process.disks.map(({ path }) => path));
  const fids = entry.layout.processes.map(({ fid }) => formatFid(fid));
  return findingsOf({
    host: entry.name,
    directory: directoryOf(cluster, entry, formatFid(process.fid)),
    devices: answer.devices.filter(({ path }) => own.has(path)),
    known: cluster.devices.all,
    filledDirectories: answer.filledDirectories,
    knownDirectories: new Set(
      fids.filter((fid) => formatted.has(fid)).map((fid) => directoryOf(cluster, entry, fid)),
    ),
  });
}
