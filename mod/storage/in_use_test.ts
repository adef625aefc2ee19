/**
 * Uses of a device, according to the kernel and lsblk.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { openersOf, usesOf } from "./in_use.ts";
import type { Kernel } from "./kernel.ts";
import type { BlockDevice } from "./lsblk.ts";

const block = (name: string, parts: Partial<BlockDevice> = {}): BlockDevice => ({
  ...{ kname: `/dev/${name}`, type: "disk", number: "8:16", size: 2 ** 40 },
  ...{ model: "", serial: "", wwn: "", mountpoint: "", children: [] },
  ...parts,
});

/** A kernel with files, links by path, and devices that are held exclusively. */
function kernelOf(
  { files = {}, links = {}, held = [] }: {
    readonly files?: Readonly<Record<string, string>>;
    readonly links?: Readonly<Record<string, string>>;
    readonly held?: readonly string[];
  },
): Kernel {
  const paths = [...Object.keys(files), ...Object.keys(links)];
  return {
    readText: (path) => files[path] ?? null,
    list: (path) => [
      ...new Set(paths.flatMap((one) => {
        const below = one.startsWith(`${path}/`)
          ? one.slice(path.length + 1).split("/")[0]
          : undefined;
        return below === undefined ? [] : [below];
      })),
    ],
    readLink: (path) => links[path] ?? null,
    open: () => {
      throw new Error("not asked for");
    },
    isHeld: (path) => held.includes(path),
  };
}

const mount = (device: string, point: string, source: string) =>
  kernelOf({
    files: { "/proc/self/mountinfo": `36 35 ${device} / ${point} rw - xfs ${source} rw\n` },
  });

const CASES: readonly (readonly [
  what: string,
  device: BlockDevice | null,
  kernel: Kernel,
  uses: readonly string[],
])[] = [
  ["nothing", block("sdb"), kernelOf({}), []],
  ["a mount by number", block("sdb"), mount("8:16", "/srv", "/dev/root"), ["mounted on /srv"]],
  ["a mount by name, as btrfs has it", block("sdb"), mount("0:44", "/srv", "/dev/sdb"), [
    "mounted on /srv",
  ]],
  [
    "a mounted partition",
    block("sdb", { children: [block("sdb1", { type: "part", number: "8:17" })] }),
    mount("8:17", "/srv", "/dev/sdb1"),
    ["mounted on /srv"],
  ],
  ["another one's mount", block("sdb"), mount("8:160", "/srv", "/dev/sdbb"), []],
  [
    "a logical volume",
    block("sdb", { children: [block("dm-0", { type: "lvm", mountpoint: "/var" })] }),
    kernelOf({}),
    ["mounted on /var", "held by /dev/dm-0 (lvm)"],
  ],
  [
    "an array of a partition",
    block("sdb", {
      children: [
        block("sdb1", { type: "part", children: [block("md0", { type: "raid1" })] }),
      ],
    }),
    kernelOf({}),
    ["held by /dev/md0 (raid1)"],
  ],
  [
    "a multipath device",
    block("sdb", { children: [block("dm-1", { type: "mpath" })] }),
    kernelOf({}),
    ["held by /dev/dm-1 (mpath)"],
  ],
  [
    "swap",
    block("sdb"),
    kernelOf({ files: { "/proc/swaps": "Filename Type\n/dev/sdb partition 1 0 -2\n" } }),
    ["used as swap"],
  ],
  ["swap as lsblk tells it", block("sdb", { mountpoint: "[SWAP]" }), kernelOf({}), [
    "used as swap",
  ]],
  ["a mount in another namespace", block("sdb"), kernelOf({ held: ["/dev/sdb"] }), [
    "the kernel holds it: it is mounted elsewhere, or part of an array, volume group or pool",
  ]],
  [
    "a process",
    block("sdb"),
    kernelOf({ files: { "/proc/77/comm": "m0d\n" }, links: { "/proc/77/fd/12": "/dev/sdb" } }),
    ["open in m0d (pid 77)"],
  ],
  [
    "a loop device over a file",
    null,
    kernelOf({ files: { "/sys/block/loop3/loop/backing_file": "/dev/sdb\n" } }),
    ["held by /dev/loop3 (loop)"],
  ],
];

for (const [what, device, kernel, uses] of CASES) {
  Deno.test(`usesOf() finds ${what}`, () => {
    const block = device === null ? null : { number: device.number, device };
    assertEquals(usesOf({ target: "/dev/sdb", block }, openersOf(kernel), kernel), uses);
  });
}

Deno.test("usesOf() finds mounts and holders of a device that lsblk does not know", () => {
  const subject = { target: "/dev/sdb", block: { number: "8:16", device: null } };
  const none = new Map<string, string[]>();
  assertEquals(usesOf(subject, none, mount("8:16", "/srv", "x")), ["mounted on /srv"]);
  assertEquals(usesOf(subject, none, kernelOf({ held: ["/dev/sdb"] })).length, 1);
});
