/**
 * Whether a file or device is in use now. Hare never formats a device in use.
 *
 * @module
 */

import { parseMounts } from "../lib/mounts.ts";
import type { Kernel } from "./kernel.ts";
import { type BlockDevice, partitionsOf, treeOf } from "./lsblk.ts";

/** The file or device to check. */
export interface Subject {
  /** Its path, links followed. */
  readonly target: string;
  /** Its number, and the answer of `lsblk`, if there is one; `null` for a regular file. */
  readonly block: { readonly number: string; readonly device: BlockDevice | null } | null;
}

/** The processes that have a file open, by its path, as far as this user may see them. */
export type Openers = ReadonlyMap<string, readonly string[]>;

/**
 * Descriptions of each use: `mounted on /srv`, `held by /dev/dm-3 (lvm)`.
 *
 * @throws {HareError} when this cannot be determined
 */
export function usesOf(subject: Subject, openers: Openers, kernel: Kernel): readonly string[] {
  const { target, block } = subject;
  const uses = [
    ...mountsOf(subject, kernel),
    ...swapsOf(subject, kernel),
    ...(block === null ? loopsOn(target, kernel) : holdersOf(block.device)),
    ...(openers.get(target) ?? []).map((process) => `open in ${process}`),
  ];
  if (uses.length > 0 || block === null) return [...new Set(uses)];
  return kernel.isHeld(target)
    ? ["the kernel holds it: it is mounted elsewhere, or part of an array, volume group or pool"]
    : [];
}

/** Paths and numbers of a device and its partitions: a partition in use is a device in use. */
function namesOf({ target, block }: Subject): ReadonlySet<string> {
  if (block === null) return new Set([target]);
  const parts = block.device === null ? [] : [block.device, ...partitionsOf(block.device)];
  const names = parts.flatMap(({ kname, number }) => [kname, number]);
  return new Set([target, block.number, ...names]);
}

function mountsOf(subject: Subject, kernel: Kernel): readonly string[] {
  const names = namesOf(subject);
  const text = kernel.readText("/proc/self/mountinfo") ?? "";
  const fromKernel = parseMounts(text)
    // A btrfs mount has an anonymous number, but names its device.
    .filter(({ device, source }) => names.has(device) || names.has(source))
    .map(({ point }) => point);
  const fromLsblk = treeIn(subject)
    .map(({ mountpoint }) => mountpoint)
    .filter((point) => point.startsWith("/"));
  return [...new Set([...fromKernel, ...fromLsblk])].map((point) => `mounted on ${point}`);
}

function swapsOf(subject: Subject, kernel: Kernel): readonly string[] {
  const names = namesOf(subject);
  const [, ...lines] = (kernel.readText("/proc/swaps") ?? "").split("\n");
  const isSwap = lines.some((line) => names.has(line.split(/\s+/)[0] ?? ""));
  const fromLsblk = treeIn(subject).some(({ mountpoint }) => mountpoint === "[SWAP]");
  return isSwap || fromLsblk ? ["used as swap"] : [];
}

/** Devices that contain the device or one of its partitions. */
function holdersOf(device: BlockDevice | null): readonly string[] {
  if (device === null) return [];
  return [device, ...partitionsOf(device)]
    .flatMap(({ children }) => children.filter(({ type }) => type !== "part"))
    .map(({ kname, type }) => `held by ${kname} (${type})`);
}

/** Loop devices that are backed by a regular file. */
function loopsOn(target: string, kernel: Kernel): readonly string[] {
  return kernel.list("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .filter((name) => kernel.readText(`/sys/block/${name}/loop/backing_file`)?.trimEnd() === target)
    .map((name) => `held by /dev/${name} (loop)`);
}

/** Reads from the kernel which processes have which files open. */
export function openersOf(kernel: Kernel): Openers {
  const openers = new Map<string, string[]>();
  for (const pid of kernel.list("/proc").filter((name) => /^\d+$/.test(name))) {
    const directory = `/proc/${pid}/fd`;
    const files = new Set(
      kernel.list(directory).map((descriptor) => kernel.readLink(`${directory}/${descriptor}`)),
    );
    let process: string | undefined;
    for (const file of files) {
      if (file === null || !file.startsWith("/")) continue;
      process ??= `${kernel.readText(`/proc/${pid}/comm`)?.trim() ?? "a process"} (pid ${pid})`;
      openers.set(file, [...openers.get(file) ?? [], process]);
    }
  }
  return openers;
}

/** A device and all devices on top of it, as far as they are known. */
function treeIn({ block }: Subject): readonly BlockDevice[] {
  return block === null || block.device === null ? [] : treeOf(block.device);
}
