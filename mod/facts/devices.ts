/**
 * What `lsblk` says of block devices. It asks sysfs, so that no privilege is needed.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import type { LocalDeps } from "./system.ts";

/** A block device. */
export interface Device {
  /** In bytes; 0 when there is no medium. */
  readonly size: number;
  /** Physical sector, in bytes. */
  readonly blksize: number;
  /** World wide name; empty if there is none. A partition has no name of its own. */
  readonly wwn: string;
  /** Path of the device that this one is a partition of; `null` for a whole one. */
  readonly parent: string | null;
}

// Numbers are strings in util-linux before 2.33.
const LSBLK = z.object({
  blockdevices: z.array(z.object({
    kname: z.string(),
    pkname: z.string().nullable(),
    size: z.coerce.number(),
    "phy-sec": z.coerce.number(),
    wwn: z.string().nullable().optional(),
  })),
});

/**
 * Describes block devices, all in one call; one that `lsblk` does not know is not in the answer.
 *
 * @param paths their paths, links followed; at least one
 * @returns by path
 * @throws {HareError} when `lsblk` is missing or its answer cannot be read
 */
export async function describeDevices(
  paths: readonly string[],
  deps: LocalDeps,
): Promise<ReadonlyMap<string, Device>> {
  const { stdout, stderr } = await deps.run([
    "lsblk",
    ...["--all", "--nodeps", "--json", "--bytes", "--paths"],
    ...["--output", "KNAME,PKNAME,SIZE,PHY-SEC,WWN"],
    ...paths,
  ], { signal: deps.signal });
  let answer: z.infer<typeof LSBLK>;
  try {
    answer = LSBLK.parse(JSON.parse(stdout));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    const said = stderr.trim() || stdout.trim().slice(0, 200);
    throw new HareError(`cannot read what lsblk says: ${said}`, {
      hint: "util-linux 2.27 or newer is needed",
      cause: error,
    });
  }
  return new Map(answer.blockdevices.map((device) => [device.kname, {
    size: device.size,
    blksize: device["phy-sec"],
    parent: device.pkname,
    wwn: device.pkname === null ? device.wwn ?? "" : "",
  }]));
}
