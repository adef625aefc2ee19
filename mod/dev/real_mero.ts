/**
 * Real Motr in a development cluster: the command lines of its programs (spec: motr.md, Starting),
 * which its stand-in is given as well.
 *
 * @module
 */

import type { HostLayout, ProcessLayout, Target } from "../../cfgen/mod.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import { dirname, resolve } from "../lib/std/path.ts";

/** Paths of Motr's programs and of its library. */
export interface MotrPrograms {
  readonly m0d: string;
  readonly m0mkfs: string;
  readonly libmotr: string;
}

/** What a server's command line is made of, besides the server. */
export interface ServerWorld {
  readonly target: Target;
  readonly host: HostLayout;
  /** UUID of the node. */
  readonly nodeUuid: string;
  /** Path of the configuration, as the program sees it. */
  readonly confdFile: string;
}

/** Sizes of the metadata segments that mkfs makes, in bytes: enough for trying. */
const SEGMENT_BYTES = { confd: 512 * 1024 * 1024, ios: 1024 * 1024 * 1024 } as const;
/** The smallest disk that an io server takes, in bytes. */
const MIN_DISK_BYTES = 4 * 1024 ** 3;

// Arguments: the server's directory, then the program and its arguments. The text is constant:
// nothing of the cluster's data is ever part of it.
const IN_DIRECTORY = `mkdir -p "$1" && cd "$1" && shift && exec "$@"`;

/**
 * The programs that the options name: all, or none for the stand-in.
 *
 * @throws {UsageError} when some are missing, or cannot be used with the other options
 */
export function programsOf(
  options: { readonly [name in keyof MotrPrograms]?: string | undefined } & {
    readonly target: string;
    readonly diskSize: number;
  },
): MotrPrograms | null {
  const { m0d, m0mkfs, libmotr, target, diskSize } = options;
  if (m0d === undefined && m0mkfs === undefined && libmotr === undefined) return null;
  if (m0d === undefined || m0mkfs === undefined || libmotr === undefined) {
    throw new UsageError("real Motr needs --m0d, --m0mkfs and --libmotr");
  }
  if (target !== "motr") throw new UsageError("real Motr needs --target motr");
  if (diskSize < MIN_DISK_BYTES) {
    throw new UsageError("real io servers need disks of 4 GiB at least", {
      hint: "--disk-size 4G: the files are sparse and take room only as they are written",
    });
  }
  // The programs run in directories of their own.
  return { m0d: resolve(m0d), m0mkfs: resolve(m0mkfs), libmotr: resolve(libmotr) };
}

/** The environment of these programs: their own library is found beside the one that was named. */
export function environmentOf({ libmotr }: MotrPrograms): Readonly<Record<string, string>> {
  return { LD_LIBRARY_PATH: dirname(libmotr) };
}

/** The command line of a server, or of its mkfs, in a directory of its own. */
export function commandIn(
  directory: string,
  program: string,
  args: readonly string[],
): readonly [string, ...string[]] {
  return ["sh", "-c", IN_DIRECTORY, "sh", directory, program, ...args];
}

/** The arguments of a server's m0d, or of its m0mkfs. */
export function argumentsOf(
  kind: "m0d" | "m0mkfs",
  process: ProcessLayout,
  { target, host, nodeUuid, confdFile }: ServerWorld,
): readonly string[] {
  const hax = host.processes.find(({ role }) => role === "hax")?.endpoint ?? "";
  const hasDisks = process.types.includes("ios");
  return [
    ...["-e", target.endpointArgument(process.endpoint)],
    ...["-f", angled(process.fid)],
    ...["-T", hasDisks ? "ad" : "linux"],
    ...["-S", "stobs", "-A", "linuxstob:addb-stobs", "-D", "db"],
    ...["-m", "65536", "-q", "16", "-w", "4"],
    ...["-H", hax],
    "-U",
    ...(kind === "m0d" ? [] : [
      ...["-F", "-u", nodeUuid],
      ...["-z", String(SEGMENT_BYTES[hasDisks ? "ios" : "confd"])],
    ]),
    ...(process.types.includes("confd") ? ["-c", confdFile] : []),
  ];
}

/** What a server is told by its per-process file, and by its arguments as well. */
export interface ServerParameters {
  readonly endpoint: string;
  readonly fid: Fid;
  readonly haxEndpoint: string;
  /** Path of `confd.xc`; a confd's alone. */
  readonly confXc: string | undefined;
}

/** Options of both programs, and of m0mkfs alone; each but `-U` and `-F` has a value. */
const OPTIONS = { m0d: [..."efTSADmqwHU"], m0mkfs: [..."Fuz"] };
const BARE = [..."UF"];

/**
 * Refuses arguments that the program would refuse, or that differ from the per-process file.
 *
 * @throws {HareError} that names the option
 */
export function checkArguments(
  kind: "m0d" | "m0mkfs",
  args: readonly string[],
  { target, file }: { readonly target: Target; readonly file: ServerParameters },
): void {
  const given = new Map<string, string>();
  for (const rest = [...args]; rest.length > 0;) {
    const [, option = ""] = /^-(\w)$/.exec(rest.shift() ?? "") ?? [];
    given.set(option, BARE.includes(option) ? "" : rest.shift() ?? "");
  }
  const wanted = [
    ...OPTIONS.m0d,
    ...(kind === "m0mkfs" ? OPTIONS.m0mkfs : []),
    ...(file.confXc === undefined ? [] : ["c"]),
  ];
  const missing = wanted.filter((option) => !given.has(option));
  const unknown = [...given.keys()].filter((option) => !wanted.includes(option));
  for (const [how, [option]] of [["lacks", missing], ["does not take", unknown]] as const) {
    if (option !== undefined) throw new HareError(`${kind} ${how} -${option}`);
  }
  const told = {
    e: target.endpointArgument(file.endpoint),
    f: angled(file.fid),
    H: file.haxEndpoint,
    ...(file.confXc === undefined ? {} : { c: file.confXc }),
  };
  for (const [option, value] of Object.entries(told)) {
    if (given.get(option) === value) continue;
    throw new HareError(`${kind} has -${option} ${given.get(option)}, its file ${value}`);
  }
}

function angled(fid: Fid): string {
  return `<${formatFid(fid)}>`;
}
