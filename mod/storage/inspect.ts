/**
 * Inspects this host's storage: the identity, use and content of each device. The host that runs
 * the bring-up evaluates the result.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import { HareError, messageOf } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import { abortable } from "../lib/std/async.ts";
import { filledProcessDirectories } from "./directories.ts";
import { type Openers, openersOf, usesOf } from "./in_use.ts";
import { type Kernel, kernelHere } from "./kernel.ts";
import { type BlockDevice, blockDevice, partitionsOf } from "./lsblk.ts";
import {
  type DeviceInspection,
  FORMAT,
  type StorageAnswer,
  type StorageQuestion,
} from "./protocol.ts";
import { signaturesOn } from "./signatures.ts";
import { scanForData, type ScanOptions } from "./zeros.ts";

/** Options of {@linkcode inspectStorage}. */
export interface InspectStorageDeps {
  readonly run: Run;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** {@default this machine's} */
  readonly kernel?: Kernel;
  /** How devices are read. */
  readonly scan?: Omit<ScanOptions, "signal">;
}

/** Time limit for reading a device, in milliseconds; data read until then counts. */
const SCAN_LIMIT_MS = 40_000;
/** Time limit for the whole inspection of a device: a read of a broken disk cannot be cancelled. */
const DEVICE_LIMIT_MS = 60_000;
/**
 * Number and interval of further checks of a device that udev or a monitor may have opened briefly.
 */
const LOOKS = 4;
const LOOK_AGAIN_MS = 150;

/**
 * Answers a question about this host's storage. The answer also contains what could not be
 * determined.
 *
 * @throws the signal's reason when it is aborted
 */
export async function inspectStorage(
  { devices, dataDirectories }: StorageQuestion,
  deps: InspectStorageDeps,
): Promise<StorageAnswer> {
  using here = kernelHere();
  const kernel = deps.kernel ?? here;
  const finding = devices.map(({ path }) => inTime(path, missing, () => whatIsAt(path, deps)));
  const found = await Promise.all(finding);
  const asked = found.filter(({ kind }, i) => kind !== "missing" && devices[i]?.content === true);
  // Before the tools below open the devices.
  const uses = await lookAtUses(asked, kernel, deps);
  const inspecting = found.map((device) => {
    const used = uses.get(device);
    if (used === undefined) return answerOf(device);
    const failed = (path: string, problem: string) => answerOf(missing(path, problem));
    return inTime(device.path, failed, () => contentOf(device, used, kernel, deps));
  });
  const [inspected, filledDirectories] = await Promise.all([
    Promise.all(inspecting),
    filledProcessDirectories(dataDirectories).then(
      (value) => ({ value: [...value] }),
      (error) => ({ problem: problemOf(error) }),
    ),
  ]);
  return { format: FORMAT, devices: inspected, filledDirectories };
}

/** Runs `work`, and stops waiting for a device that does not answer. */
async function inTime<T>(
  path: string,
  failed: (path: string, problem: string) => T,
  work: () => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(DEVICE_LIMIT_MS);
  try {
    return await abortable(work(), limit);
  } catch (error) {
    if (!limit.aborted) throw error;
    return failed(path, `it did not answer within ${DEVICE_LIMIT_MS / 1000} s`);
  }
}

/** The uses of a device, and why the list may be incomplete. */
interface Uses {
  readonly value: readonly string[];
  readonly problems: readonly string[];
}

async function contentOf(
  found: FoundDevice,
  uses: Uses,
  kernel: Kernel,
  deps: InspectStorageDeps,
): Promise<DeviceInspection> {
  const [signatures, scan] = await Promise.all([
    signaturesOn(found.target, deps),
    scanOf(found.target, kernel, deps),
  ]);
  const isProven = scan.isWhole && scan.problem === null;
  return {
    ...answerOf(found),
    size: scan.size ?? found.size,
    uses: [...uses.value],
    signatures: [...signatures.found],
    dataAt: scan.dataAt,
    problems: [
      ...found.problems,
      ...uses.problems,
      ...(scan.problem === null ? [] : [scan.problem]),
      // When every byte was read, the tools cannot add anything.
      ...(isProven ? [] : signatures.problems),
    ],
  };
}

/** A device, with the data that an inspection needs. */
interface FoundDevice extends DeviceInspection {
  /** Its path, links followed. */
  readonly target: string;
  readonly device: BlockDevice | null;
}

function answerOf({ target: _target, device: _device, ...inspection }: FoundDevice) {
  return inspection;
}

const NOTHING_KNOWN = {
  ...{ size: 0, model: "", number: "", wwn: "", serial: "", dataAt: null },
  ...{ parts: [], uses: [], signatures: [], problems: [] },
};

async function whatIsAt(path: string, deps: InspectStorageDeps): Promise<FoundDevice> {
  let info: Deno.FileInfo;
  let target: string;
  try {
    target = await Deno.realPath(path);
    info = await Deno.stat(target);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return missing(path, "there is no such device");
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return missing(path, messageOf(error));
  }
  const common = { ...NOTHING_KNOWN, path, target };
  if (info.isFile) {
    const number = `file ${info.dev}:${info.ino}`;
    return { ...common, kind: "file", device: null, size: info.size, model: "file", number };
  }
  if (info.isBlockDevice !== true) return missing(path, "it is no block device");
  const own = { ...common, kind: "block", number: numberOf(info.rdev ?? 0) } as const;
  try {
    const device = await blockDevice(target, deps);
    const parts = partitionsOf(device).map(({ number }) => number);
    const { size, model } = device;
    return { ...own, size, model, parts, ...identityOf(device, target), device };
  } catch (error) {
    deps.signal.throwIfAborted();
    return { ...own, device: null, problems: [problemOf(error)] };
  }
}

/** `MAJOR:MINOR` of a device, as makedev(3) packs them. */
function numberOf(rdev: number): string {
  const packed = BigInt(rdev);
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & ~0xfffn);
  const minor = (packed & 0xffn) | ((packed >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

function missing(path: string, problem: string): FoundDevice {
  const nothing = { ...NOTHING_KNOWN, path, target: path, device: null };
  return { ...nothing, kind: "missing", problems: [problem] };
}

/** Partitions inherit the names of their disk: the partition's own name distinguishes them. */
function identityOf(
  { type, model, serial, wwn }: BlockDevice,
  target: string,
): Pick<DeviceInspection, "wwn" | "serial"> {
  const part = type === "part" ? ` ${/\d+$/.exec(target)?.[0] ?? target}` : "";
  return {
    wwn: wwn === "" ? "" : `${wwn}${part}`,
    serial: serial === "" ? "" : `${model} ${serial}${part}`,
  };
}

/** The uses of each device. A device that may be open for a moment only is checked again. */
async function lookAtUses(
  devices: readonly FoundDevice[],
  kernel: Kernel,
  { clock, signal }: InspectStorageDeps,
): Promise<ReadonlyMap<FoundDevice, Uses>> {
  for (let looks = 1;; looks++) {
    const openers = openersOf(kernel);
    const uses = new Map(devices.map((device) => [device, usesNow(device, openers, kernel)]));
    const isUsed = uses.values().some(({ value }) => value.length > 0);
    if (!isUsed || looks === LOOKS) return uses;
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

function usesNow(
  { target, device, kind, number }: FoundDevice,
  openers: Openers,
  kernel: Kernel,
): Uses {
  const block = kind === "block" ? { number, device } : null;
  try {
    return { value: usesOf({ target, block }, openers, kernel), problems: [] };
  } catch (error) {
    return { value: [], problems: [problemOf(error)] };
  }
}

async function scanOf(target: string, kernel: Kernel, { signal, scan }: InspectStorageDeps) {
  const limit = AbortSignal.timeout(SCAN_LIMIT_MS);
  const within = AbortSignal.any([signal, limit]);
  try {
    using storage = kernel.open(target);
    const found = await scanForData(storage, { ...scan, signal: within });
    signal.throwIfAborted();
    return { ...found, size: storage.size };
  } catch (error) {
    signal.throwIfAborted();
    return { dataAt: null, isWhole: false, problem: problemOf(error), size: null };
  }
}

/** Rethrows errors that are bugs of the program. */
function problemOf(error: unknown): string {
  if (error instanceof HareError) return messageOf(error);
  throw error;
}
