/**
 * Describes a block device, and the devices on top of it, with `lsblk`.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";
import { failureIn, type Run } from "../lib/process.ts";

/** A block device, with the devices that the kernel has built on it. */
export interface BlockDevice {
  readonly kname: string;
  /** `disk`, `part`, `lvm`, `crypt`, `raid1`, `mpath`, … */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** `MAJOR:MINOR` */
  readonly number: string;
  readonly model: string;
  readonly serial: string;
  /** World wide name. */
  readonly wwn: string;
  /** Mount points, or `[SWAP]`; empty if the device is neither mounted nor swap. */
  readonly mountpoint: string;
  /** Its partitions, and the devices that contain it. */
  readonly children: readonly BlockDevice[];
}

const text = z.string().nullable().optional().transform((value) => value?.trim() ?? "");

const own = z.object({
  kname: z.string(),
  type: z.string(),
  // Numbers are strings in util-linux before 2.33.
  size: z.coerce.number(),
  "maj:min": z.string().transform((value) => value.trim()),
  ...{ model: text, serial: text, wwn: text, mountpoint: text },
});

type Raw = z.infer<typeof own> & { readonly children?: readonly Raw[] | undefined };

const raw: z.ZodType<Raw> = own.extend({ children: z.lazy(() => z.array(raw)).optional() });

const ANSWER = jsonText(z.object({ blockdevices: z.array(raw) }));

/**
 * Describes a block device.
 *
 * @param path of the device, links followed
 * @throws {HareError} when `lsblk` is missing, does not know the device, or prints an invalid
 * answer
 */
export async function blockDevice(
  path: string,
  { run, signal }: { readonly run: Run; readonly signal: AbortSignal },
): Promise<BlockDevice> {
  const { stdout, stderr, code } = await run([
    ...["lsblk", "--json", "--bytes", "--paths", "--output"] as const,
    ...["KNAME,TYPE,SIZE,MAJ:MIN,MODEL,SERIAL,WWN,MOUNTPOINT", "--", path],
  ], { signal, limitMs: 10_000 });
  const answer = ANSWER.safeParse(stdout);
  const [device] = answer.success ? answer.data.blockdevices : [];
  if (device !== undefined) return readDevice(device);
  throw new HareError(`lsblk does not tell about ${path}: ${failureIn({ code, stderr })}`, {
    hint: "util-linux 2.27 or newer is needed",
  });
}

function readDevice({ "maj:min": number, children = [], ...device }: Raw): BlockDevice {
  return { ...device, number, children: children.map(readDevice) };
}

/** A device and all devices on top of it. */
export function treeOf(device: BlockDevice): readonly BlockDevice[] {
  return [device, ...device.children.flatMap(treeOf)];
}

/** The device's own partitions. */
export function partitionsOf(device: BlockDevice): readonly BlockDevice[] {
  return device.children.filter(({ type }) => type === "part");
}
