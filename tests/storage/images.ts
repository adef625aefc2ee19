/**
 * Images of disks with something on them, made by the tools that make such disks, or by hand where a
 * tool needs a kernel module. They are sparse and small.
 *
 * @module
 */

import { outputOf } from "../../tools/exec.ts";

const MIB = 2 ** 20;

/** An image. */
export interface Image {
  readonly name: string;
  /** In MiB. */
  readonly size: number;
  /** The program that makes it; the row is passed over where it is missing. */
  readonly tool?: string;
  /** It is made through a loop device. */
  readonly needsLoop?: true;
  /** Puts something on it; it is there, and all zeros. */
  readonly make: (path: string) => Promise<void> | void;
  /** What the tools are to say of it; `null` for nothing. */
  readonly signature: string | null;
  /** Whether there is a byte that is not zero. */
  readonly hasData: boolean;
}

const by = (...argv: readonly [string, ...string[]]) => async (path: string): Promise<void> => {
  await outputOf([...argv, path]);
};

const TEXT = new TextEncoder();

/** Writes bytes at places of a file. */
function write(path: string, places: readonly (readonly [at: number, bytes: Uint8Array])[]): void {
  using file = Deno.openSync(path, { write: true });
  for (const [at, bytes] of places) {
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(bytes);
  }
}

function numbers(bytes: number, values: readonly (readonly [at: number, value: bigint])[]) {
  const view = new DataView(new ArrayBuffer(bytes));
  for (const [at, value] of values) view.setBigUint64(at, value, true);
  return new Uint8Array(view.buffer);
}

/** An array's superblock of version 1.0, which is at the end. */
function writeMdadm(path: string): void {
  const sectors = 64 * MIB / 512;
  const at = (sectors - 16) & ~7;
  const block = new DataView(new ArrayBuffer(4096));
  block.setUint32(0, 0xa92b4efc, true);
  block.setUint32(4, 1, true);
  for (let i = 16; i < 32; i++) block.setUint8(i, i); // the array's UUID
  block.setUint32(72, 1, true); // RAID 1
  block.setBigUint64(80, BigInt(at), true);
  block.setUint32(92, 2, true); // of two disks
  block.setBigUint64(136, BigInt(at), true); // usable sectors
  block.setBigUint64(144, BigInt(at), true); // where this is
  block.setUint32(220, 384, true); // disks that there may be
  write(path, [[at * 512, new Uint8Array(block.buffer)]]);
}

/** Uberblocks of ZFS in the four labels, two at each end. */
function writeZfs(path: string): void {
  const end = 64 * MIB;
  const labels = [0, 256 * 1024, end - 512 * 1024, end - 256 * 1024];
  const uberblock = numbers(1024, [[0, 0x00bab10cn], [8, 5000n], [16, 7n], [24, 9n], [32, 11n]]);
  write(
    path,
    labels.flatMap((label) =>
      Array.from({ length: 128 }, (_, i) => [label + 128 * 1024 + i * 1024, uberblock] as const)
    ),
  );
}

async function writeLvm(path: string): Promise<void> {
  await withLoop(path, async (device) => {
    await outputOf([
      ...["pvcreate", "--quiet", "-ff", "--yes", "--driverloaded", "n"] as const,
      ...["--config", "devices{use_devicesfile=0}", device],
    ]);
  });
}

/** Has a loop device over a file while `work` runs. */
export async function withLoop(
  path: string,
  work: (device: string) => Promise<void>,
): Promise<void> {
  const device = (await outputOf(["losetup", "--find", "--show", path])).trim();
  try {
    await work(device);
  } finally {
    await outputOf(["losetup", "--detach", device]);
  }
}

/** A boot record with one partition. */
function writeMbr(path: string): void {
  const entry = new Uint8Array([0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0]);
  write(path, [[446, entry], [510, new Uint8Array([0x55, 0xaa])]]);
}

/** A GPT whose first copy is gone: the second one is at the end. */
async function writeGptAtEnd(path: string): Promise<void> {
  await outputOf(["sgdisk", "--new=1", path]);
  write(path, [[0, new Uint8Array(MIB)]]);
}

const luks = async (path: string): Promise<void> => {
  await outputOf([
    ...["cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2"] as const,
    ...["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "/etc/hostname"],
    path,
  ]);
};

/** Every image. */
export const IMAGES: readonly Image[] = [
  known("ext4", "ext4", 16, by("mkfs.ext4", "-q", "-F"), "mkfs.ext4"),
  known("xfs", "xfs", 320, by("mkfs.xfs", "-q", "-f"), "mkfs.xfs"),
  known("btrfs", "btrfs", 128, by("mkfs.btrfs", "--quiet"), "mkfs.btrfs"),
  known(
    "GFS2",
    "gfs2",
    128,
    by("mkfs.gfs2", "-O", "-q", "-p", "lock_nolock", "-j", "1", "-J", "8"),
    "mkfs.gfs2",
  ),
  known("swap", "swap", 16, by("mkswap"), "mkswap"),
  { ...known("an LVM volume", "LVM2_member", 64, writeLvm, "pvcreate"), needsLoop: true },
  known("an array, metadata at the end", "linux_raid_member", 64, writeMdadm),
  known("ZFS labels", "zfs_member", 64, writeZfs),
  known("LUKS", "crypto_LUKS", 32, luks, "cryptsetup"),
  known("an MBR", "dos partition table", 16, writeMbr),
  known("a GPT", "gpt partition table", 16, by("sgdisk", "--new=1"), "sgdisk"),
  known("a GPT without its first copy", "gpt", 16, writeGptAtEnd, "sgdisk"),
  known("reiserfs", "reiserfs", 64, (path) => {
    // Its size in blocks, the place of its journal, block size and magic.
    const sizes = new DataView(new ArrayBuffer(64));
    sizes.setUint32(0, 16384, true);
    sizes.setUint32(12, 18, true);
    sizes.setUint16(44, 4096, true);
    write(path, [
      [65536, new Uint8Array(sizes.buffer)],
      [65536 + 52, TEXT.encode("ReIsEr2Fs")],
    ]);
  }),
  known("UFS2", "ufs", 64, (path) => {
    write(path, [[65536 + 1372, new Uint8Array([0x19, 0x01, 0x54, 0x19])]]);
  }),
  {
    ...{ name: "one byte in the middle", size: 1024, signature: null, hasData: true },
    make: (path) => write(path, [[512 * MIB + 12345, new Uint8Array([1])]]),
  },
  {
    ...{ name: "one byte at the very end", size: 1024, signature: null, hasData: true },
    make: (path) => write(path, [[1024 * MIB - 1, new Uint8Array([1])]]),
  },
  { name: "nothing", size: 1024, make: () => {}, signature: null, hasData: false },
  {
    ...{ name: "zeros that were written", size: 16, signature: null, hasData: false },
    make: (path) => write(path, [[0, new Uint8Array(16 * MIB)]]),
  },
];

function known(
  name: string,
  signature: string,
  size: number,
  make: Image["make"],
  tool?: string,
): Image {
  return { name, signature, size, make, hasData: true, ...(tool === undefined ? {} : { tool }) };
}

/** Makes an image. */
export async function makeImage({ size, make }: Image, path: string): Promise<void> {
  using file = Deno.openSync(path, { createNew: true, write: true });
  file.truncateSync(size * MIB);
  await make(path);
}

/** Whether this user can make loop devices here. */
export function hasLoopDevices(): boolean {
  if (Deno.uid() !== 0) return false;
  return new Deno.Command("losetup", { args: ["--find"], stdout: "null", stderr: "null" })
    .outputSync().success;
}
