/**
 * Whether something uses a file or device now. What does is never formatted over.
 *
 * @module
 */

import { parseMounts } from "../lib/mounts.ts";
import type { Kernel } from "./kernel.ts";
import { type BlockDevice, partitionsOf, treeOf } from "./lsblk.ts";

/** What is to be looked at. */
export interface Subject {
  /** Its path, links followed. */
  readonly target: string;
  /** What `lsblk` says of it; `null` for a regular file. */
  readonly device: BlockDevice | null;
}

/**
 * What uses it, in words: `mounted on /srv`, `held by /dev/dm-3 (lvm)`.
 *
 * @throws {HareError} when that cannot be told
 */
export function usesOf(subject: Subject, kernel: Kernel): readonly string[] {
  const { target, device } = subject;
  const uses = [
    ...mountsOf(subject, kernel),
    ...swapsOf(subject, kernel),
    ...(device === null ? loopsOn(target, kernel) : holdersOf(device)),
    ...openersOf(target, kernel),
  ];
  if (uses.length > 0 || device === null) return [...new Set(uses)];
  return kernel.isHeld(target)
    ? ["the kernel holds it: it is mounted elsewhere, or part of an array, volume group or pool"]
    : [];
}

/** Paths and numbers of a device and its partitions: what is on a part of it is on it. */
function namesOf({ target, device }: Subject): ReadonlySet<string> {
  const parts = device === null ? [] : [device, ...partitionsOf(device)];
  return new Set([target, ...parts.flatMap(({ kname, number }) => [kname, number])]);
}

function mountsOf(subject: Subject, kernel: Kernel): readonly string[] {
  const names = namesOf(subject);
  const text = kernel.readText("/proc/self/mountinfo") ?? "";
  const fromKernel = parseMounts(text)
    // btrfs has a number of its own, and names its device.
    .filter(({ device, source }) => names.has(device) || names.has(source))
    .map(({ point }) => point);
  const fromLsblk = subject.device === null ? [] : treeOf(subject.device)
    .map(({ mountpoint }) => mountpoint)
    .filter((point) => point.startsWith("/"));
  return [...new Set([...fromKernel, ...fromLsblk])].map((point) => `mounted on ${point}`);
}

function swapsOf(subject: Subject, kernel: Kernel): readonly string[] {
  const names = namesOf(subject);
  const [, ...lines] = (kernel.readText("/proc/swaps") ?? "").split("\n");
  const isSwap = lines.some((line) => names.has(line.split(/\s+/)[0] ?? ""));
  const fromLsblk = subject.device !== null &&
    treeOf(subject.device).some(({ mountpoint }) => mountpoint === "[SWAP]");
  return isSwap || fromLsblk ? ["used as swap"] : [];
}

/** Devices that it, or a partition of it, is a part of. */
function holdersOf(device: BlockDevice): readonly string[] {
  return [device, ...partitionsOf(device)]
    .flatMap(({ children }) => children.filter(({ type }) => type !== "part"))
    .map(({ kname, type }) => `held by ${kname} (${type})`);
}

/** Loop devices over a regular file. */
function loopsOn(target: string, kernel: Kernel): readonly string[] {
  return kernel.list("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .filter((name) => kernel.readText(`/sys/block/${name}/loop/backing_file`)?.trimEnd() === target)
    .map((name) => `held by /dev/${name} (loop)`);
}

/** Processes that have it open, as far as this user may see. */
function openersOf(target: string, kernel: Kernel): readonly string[] {
  return kernel.list("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    const directory = `/proc/${pid}/fd`;
    const isOpen = kernel.list(directory)
      .some((descriptor) => kernel.readLink(`${directory}/${descriptor}`) === target);
    if (!isOpen) return [];
    const name = kernel.readText(`/proc/${pid}/comm`)?.trim() ?? "a process";
    return [`open in ${name} (pid ${pid})`];
  });
}
