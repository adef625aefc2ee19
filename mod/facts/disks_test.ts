import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { type Entry, makeMachine } from "../../tests/facts/machine.ts";
import { HareError } from "../lib/errors.ts";
import { disksOf } from "./disks.ts";
import { FactsError } from "./errors.ts";

const DISK: Entry = { device: { size: 12_000_138_625_024, blksize: 4096 } };
const NO_DISK = "other";

Deno.test("disksOf() describes block devices in natural order, all in one call", async () => {
  const entries = { "/dev/sdb10": DISK, "/dev/sdb9": DISK, "/dev/null": NO_DISK } as const;
  const machine = makeMachine({ entries });
  const { size, blksize } = { size: 12_000_138_625_024, blksize: 4096 };
  assertEquals(await disksOf(["/dev/*", "/dev/sdb9"], machine), {
    "/dev/*": [{ path: "/dev/sdb9", size, blksize }, { path: "/dev/sdb10", size, blksize }],
    "/dev/sdb9": [{ path: "/dev/sdb9", size, blksize }],
  });
  assertEquals(machine.ran.length, 1);
});

Deno.test("disksOf() takes regular files as disks, and asks lsblk nothing", async () => {
  const machine = makeMachine({
    entries: { "/srv/disk1.img": { file: { size: 2 ** 30, blksize: 4096 } }, "/srv/dir": "other" },
  });
  assertEquals(await disksOf(["/srv/*"], machine), {
    "/srv/*": [{ path: "/srv/disk1.img", size: 2 ** 30, blksize: 4096 }],
  });
  assertEquals(machine.ran, []);
});

Deno.test("disksOf() keeps the name that a link has", async () => {
  const machine = makeMachine({
    entries: { "/dev/by-id/x": { link: "/dev/sdb" }, "/dev/sdb": DISK },
  });
  const found = await disksOf(["/dev/by-id/*"], machine);
  assertEquals(found["/dev/by-id/*"]?.map((disk) => disk.path), ["/dev/by-id/x"]);
});

Deno.test("disksOf() passes over loop devices that have no file", async () => {
  const none: Entry = { device: { size: 0, blksize: 512 } };
  const one: Entry = { device: { size: 1024, blksize: 512 } };
  const machine = makeMachine({ entries: { "/dev/loop0": none, "/dev/loop1": one } });
  assertEquals(await disksOf(["/dev/loop[0-9]*"], machine), {
    "/dev/loop[0-9]*": [{ path: "/dev/loop1", size: 1024, blksize: 512 }],
  });
});

interface Case {
  readonly what: string;
  readonly globs: readonly string[];
  readonly entries: Readonly<Record<string, Entry>>;
  readonly problems: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: "each glob that matches nothing",
    globs: ["/dev/sd*", "/dev/nvme*", "/nowhere/*"],
    entries: { "/dev/vda": DISK },
    problems: [
      "nothing matches /dev/sd*",
      "nothing matches /dev/nvme*",
      "nothing matches /nowhere/*",
    ],
  },
  {
    what: "a path without wildcards where nothing is",
    globs: ["/dev/sdz"],
    entries: {},
    problems: ["nothing matches /dev/sdz"],
  },
  {
    what: "a link that leads nowhere",
    globs: ["/dev/by-id/*"],
    entries: { "/dev/by-id/x": { link: "/dev/gone" } },
    problems: ["nothing matches /dev/by-id/*"],
  },
  {
    what: "matches that are no disks",
    globs: ["/dev/*"],
    entries: { "/dev/null": NO_DISK, "/dev/pts": NO_DISK },
    problems: ["/dev/* matches 2 name(s), none of a block device or regular file"],
  },
  {
    what: "loop devices without files",
    globs: ["/dev/loop*"],
    entries: { "/dev/loop0": { device: { size: 0, blksize: 512 } } },
    problems: ["/dev/loop* matches loop devices only that have no file behind them"],
  },
  {
    what: "a disk of size 0",
    globs: ["/dev/sd*"],
    entries: { "/dev/sda": DISK, "/dev/sdb": { device: { size: 0, blksize: 512 } } },
    problems: ["/dev/sdb has size 0"],
  },
  {
    what: "a device that lsblk does not know",
    globs: ["/dev/sd*"],
    entries: { "/dev/sda": DISK, "/dev/sdb": { device: { size: 1, blksize: 1, unknown: true } } },
    problems: ["lsblk does not know /dev/sdb"],
  },
  {
    what: "one disk under two names",
    globs: ["/dev/by-id/*"],
    entries: {
      "/dev/by-id/ata-1": { link: "/dev/sda" },
      "/dev/by-id/wwn-1": { link: "/dev/sda" },
      "/dev/sda": DISK,
    },
    problems: ["/dev/by-id/ata-1 and /dev/by-id/wwn-1 are the same disk"],
  },
  {
    what: "one file by two hard links",
    globs: ["/srv/*"],
    entries: {
      "/srv/a": { file: { size: 1, blksize: 1, ino: 77 } },
      "/srv/b": { file: { size: 1, blksize: 1, ino: 77 } },
    },
    problems: ["/srv/a and /srv/b are the same disk"],
  },
  {
    what: "one disk by two device nodes",
    globs: ["/dev/*"],
    entries: {
      "/dev/sda": { device: { size: 1, blksize: 1, number: 2048 } },
      "/dev/node": { device: { size: 1, blksize: 1, number: 2048 } },
    },
    problems: ["/dev/node and /dev/sda are the same disk"],
  },
  {
    what: "two ways to one disk",
    globs: ["/dev/sd*"],
    entries: {
      "/dev/sda": { device: { size: 1, blksize: 1, wwn: "0x5" } },
      "/dev/sdb": { device: { size: 1, blksize: 1, wwn: "0x5" } },
      "/dev/sdc": { device: { size: 1, blksize: 1, wwn: "0x6" } },
    },
    problems: ["/dev/sda and /dev/sdb are the same disk: both are 0x5"],
  },
  {
    what: "a disk and its partition",
    globs: ["/dev/sda", "/dev/sd*"],
    entries: {
      "/dev/sda": DISK,
      "/dev/sda1": { device: { size: 1, blksize: 1, parent: "/dev/sda" } },
    },
    problems: ["/dev/sda1 is a part of /dev/sda, and both match"],
  },
  {
    what: "a relative glob",
    globs: ["sd*"],
    entries: { "/dev/sda": DISK },
    problems: ["glob sd* does not begin with a slash"],
  },
];

for (const { what, globs, entries, problems } of CASES) {
  Deno.test(`disksOf() complains of ${what}`, async () => {
    const error = await assertRejects(() => disksOf(globs, makeMachine({ entries })), FactsError);
    assertEquals(error.problems, problems);
  });
}

Deno.test("disksOf() complains of a directory that it may not read", async () => {
  const machine = makeMachine({ forbidden: ["/root"] });
  const error = await assertRejects(() => disksOf(["/root/*"], machine), FactsError);
  assertEquals(error.problems, ["cannot look for /root/*: Permission denied: /root"]);
});

for (const stdout of ["", "not JSON", '{"blockdevices": [{}]}']) {
  Deno.test(`disksOf() says so when lsblk prints ${JSON.stringify(stdout)}`, async () => {
    const { system } = makeMachine({ entries: { "/dev/sda": DISK } });
    const run = () => Promise.resolve({ code: 1, stdout, stderr: "lsblk: unknown option\n" });
    const act = () => disksOf(["/dev/sda"], { system, run });
    await assertRejects(act, HareError, "cannot read what lsblk says: lsblk: unknown option");
  });
}
