/**
 * This machine's disks: block devices and, for trials, regular files.
 *
 * @module
 */

import type { DiskFacts } from "../../cfgen/mod.ts";
import { messageOf } from "../lib/errors.ts";
import { isNothingThere } from "../lib/files.ts";
import { describeDevices, type Device } from "./devices.ts";
import { FactsError } from "./errors.ts";
import { expandGlob } from "./glob.ts";
import type { LocalDeps, System } from "./system.ts";

/**
 * The disks that match each glob, in natural order of their paths.
 *
 * @throws {FactsError} with all problems: a glob that finds none, a disk of no size, one that is
 * found twice under different names
 */
export async function disksOf(
  globs: readonly string[],
  deps: LocalDeps,
): Promise<Readonly<Record<string, readonly DiskFacts[]>>> {
  const system = deps.system ?? Deno;
  const searched = await Promise.all(globs.map((glob) => search(glob, system)));
  const names = searched.flatMap((one) => one.names);
  const targets = new Set(names.filter((one) => one.file === null).map((one) => one.target));
  const devices = targets.size === 0 ? new Map() : await describeDevices([...targets], deps);
  const sized = searched.map((one) => withSizes(one, devices));
  const problems = [...sized.flatMap((one) => one.problems), ...foundTwice(names, devices)];
  if (problems.length > 0) throw new FactsError(problems, "disks that cannot be used");
  return Object.fromEntries(sized.map(({ glob, disks }) => [glob, disks]));
}

/** A name of a disk. */
interface DiskName {
  readonly path: string;
  /** The path behind all links. */
  readonly target: string;
  /** The kernel's number of the target: equal for hard links and other nodes of the same device. */
  readonly number: string;
  /** What a regular file's status says; `null` for a block device. */
  readonly file: { readonly size: number; readonly blksize: number } | null;
}

interface Searched {
  readonly glob: string;
  readonly names: readonly DiskName[];
  /** Why there are none, if the reason is known already. */
  readonly problems: readonly string[];
}

async function search(glob: string, system: System): Promise<Searched> {
  if (!glob.startsWith("/")) {
    return { glob, names: [], problems: [`glob ${glob} does not begin with a slash`] };
  }
  let names: readonly (DiskName | "other" | null)[];
  try {
    const paths = await expandGlob(glob, system);
    names = await Promise.all(paths.map((path) => nameOf(path, system)));
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return { glob, names: [], problems: [`cannot look for ${glob}: ${messageOf(error)}`] };
  }
  const disks = names.filter((one) => one !== "other" && one !== null);
  if (disks.length > 0) return { glob, names: disks, problems: [] };
  const others = names.filter((one) => one === "other").length;
  return {
    glob,
    names: [],
    problems: [
      others === 0
        ? `nothing matches ${glob}`
        : `${glob} matches ${others} name(s), none of a block device or regular file`,
    ],
  };
}

/** `null` when nothing is there, or a link leads nowhere. */
async function nameOf(path: string, system: System): Promise<DiskName | "other" | null> {
  try {
    const info = await system.stat(path);
    const { isFile, isBlockDevice, size, blksize } = info;
    if (!isFile && isBlockDevice !== true) return "other";
    const target = await system.realPath(path);
    const number = isFile ? `file ${info.dev}:${info.ino}` : `device ${info.rdev}`;
    return { path, target, number, file: isFile ? { size, blksize: blksize ?? 4096 } : null };
  } catch (error) {
    if (isNothingThere(error)) return null;
    throw error;
  }
}

interface Sized {
  readonly glob: string;
  readonly disks: readonly DiskFacts[];
  readonly problems: readonly string[];
}

function withSizes(searched: Searched, devices: ReadonlyMap<string, Device>): Sized {
  const disks: DiskFacts[] = [];
  const problems = [...searched.problems];
  for (const { path, target, file } of searched.names) {
    const size = file?.size ?? devices.get(target)?.size;
    const blksize = file?.blksize ?? devices.get(target)?.blksize;
    // A loop device without a file behind it is always there and means nothing.
    if (size === 0 && target.startsWith("/dev/loop")) continue;
    if (size === undefined || blksize === undefined) problems.push(`lsblk does not know ${path}`);
    else if (size === 0) problems.push(`${path} has size 0`);
    else disks.push({ path, size, blksize });
  }
  if (disks.length === 0 && problems.length === 0) {
    problems.push(`${searched.glob} matches loop devices only that have no file behind them`);
  }
  return { glob: searched.glob, disks, problems };
}

/**
 * The same bytes must not be two disks: neither by two names, including two paths to one disk, nor
 * as a disk and its partition.
 */
function foundTwice(
  names: readonly DiskName[],
  devices: ReadonlyMap<string, Device>,
): readonly string[] {
  const paths = new Map(names.map((one) => [one.target, one.path]));
  const byNumber = new Map(names.map((one) => [one.number, one.path]));
  const wwnOf = ({ target }: DiskName) => devices.get(target)?.wwn ?? "";
  const byWwn = new Map(names.map((one) => [wwnOf(one), one.path]));
  return names.flatMap((one) => {
    const { path, target, number } = one;
    const same = paths.get(target) ?? path;
    if (same !== path) return [`${path} and ${same} are the same disk`];
    const linked = byNumber.get(number) ?? path;
    if (linked !== path) return [`${path} and ${linked} are the same disk`];
    const wwn = wwnOf(one);
    const other = wwn === "" ? path : byWwn.get(wwn) ?? path;
    if (other !== path) return [`${path} and ${other} are the same disk: both are ${wwn}`];
    const whole = paths.get(devices.get(target)?.parent ?? "");
    return whole === undefined ? [] : [`${path} is a part of ${whole}, and both match`];
  });
}
