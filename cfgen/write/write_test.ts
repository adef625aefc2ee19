import { assertEquals } from "../../tests/lib/assert.ts";
import type { Drive, Pver, PverF, Root, Sdev } from "../conf/objects.ts";
import { type Target, TARGETS } from "../target.ts";
import { writeConfgen } from "./confgen.ts";
import { writeConsulAgents, writeConsulKv } from "./consul.ts";
import { concatenate, quote } from "./notation.ts";
import { writeXcode } from "./xcode.ts";

const { mero, motr } = TARGETS;

const PVER: Pver = {
  type: "pver",
  key: 99,
  dataUnits: 8,
  parityUnits: 2,
  spareUnits: 1,
  width: 100,
  tolerance: [0, 0, 0, 1, 2],
  sites: [],
};
const PVER_F: PverF = { type: "pver_f", key: 100, id: 1, base: PVER, allowance: [0, 0, 0, 0, 1] };
const POOL = { type: "pool", key: 3, pvers: [PVER, PVER_F] } as const;

function sdev(path: string): Sdev {
  return { type: "sdev", key: 16, index: 0, path, size: 2 ** 40, blksize: 4096 };
}

const confgen = (object: Parameters<typeof writeConfgen>[0][number], target: Target = mero) =>
  writeConfgen([object], target);
const xcode = (object: Parameters<typeof writeXcode>[0][number], target: Target = mero) =>
  writeXcode([object], target).replace(/^\[1:\n |\]\n$/g, "");

Deno.test("writeConfgen() and writeXcode() write a pver, whose spare units are motr's only", () => {
  assertEquals(confgen(PVER), "(pver-99 N=8 K=2 P=100 tolerance=[0, 0, 0, 1, 2] sitevs=[])\n");
  assertEquals(
    confgen(PVER, motr),
    "(pver-99 N=8 K=2 S=1 P=100 tolerance=[0, 0, 0, 1, 2] sitevs=[])\n",
  );
  assertEquals(xcode(PVER), "{0x76| ((^v|1:99), {0| (8, 2, 0x64, [5: 0, 0, 0, 1, 2], [0])})}");
  assertEquals(
    xcode(PVER, motr),
    "{0x76| ((^v|1:99), {0| (8, 2, 1, 0x64, [5: 0, 0, 0, 1, 2], [0])})}",
  );
});

Deno.test("writeConfgen() and writeXcode() write a formulaic pver, and references to one", () => {
  assertEquals(confgen(PVER_F), "(pver_f-100 id=1 base=pver-99 allowance=[0, 0, 0, 0, 1])\n");
  assertEquals(
    xcode(PVER_F),
    "{0x76| ((^v|0x40000000000001:0x64), {1| (1, ^v|1:99, [5: 0, 0, 0, 0, 1])})}",
  );
  assertEquals(
    confgen({ ...POOL, pvers: [...POOL.pvers] }),
    "(pool-3 pver_policy=0 pvers=[pver-99, pver_f-100])\n",
  );
  assertEquals(
    xcode({ ...POOL, pvers: [...POOL.pvers] }),
    "{0x6f| ((^o|1:3), 0, [2: ^v|1:99, ^v|0x40000000000001:0x64])}",
  );
});

Deno.test("writeConfgen() and writeXcode() write a null fid", () => {
  const root: Root = {
    type: "root",
    key: 0,
    mdpool: { type: "pool", key: 1, pvers: [] },
    imetaPver: null,
    mdRedundancy: 1,
    nodes: [],
    sites: [],
    pools: [],
    profiles: [],
  };
  assertEquals(
    confgen(root),
    "(root-0 verno=1 rootfid=root-0 mdpool=pool-1 imeta_pver=(0,0) mdredundancy=1 params=[] " +
      "nodes=[] sites=[] pools=[] profiles=[] fdmi_flt_grps=[])\n",
  );
  assertEquals(
    xcode(root),
    "{0x74| ((^t|1:0), 1, ^t|1:0, ^o|1:1, (0,0), 1, [0], [0], [0], [0], [0], [0])}",
  );
});

Deno.test("writeConfgen() writes decimal numbers, writeXcode() large ones in hexadecimal", () => {
  const text =
    "(sdev-16 dev_idx=0 iface=2 media=1 bsize=4096 size=1099511627776 last_state=0 flags=0";
  assertEquals(confgen(sdev("/dev/sdb")), `${text} filename="/dev/sdb")\n`);
  assertEquals(
    xcode(sdev("/dev/sdb")),
    '{0x64| ((^d|1:16), 0, 2, 1, 0x1000, 0x10000000000, 0, 0, "/dev/sdb")}',
  );
});

Deno.test("writeXcode() counts objects and entries in decimal, and separates them by a comma and a line", () => {
  const dev = sdev("/dev/sdb");
  const drive = { type: "drive", key: 17, sdev: dev, pvers: Array(100).fill(PVER) } as const;
  const drives = [drive, drive].map((one) =>
    ({ ...one, pvers: [...one.pvers] }) as unknown as Drive
  );
  const line = `{0x6b| ((^k|1:17), ^d|1:16, [100: ${Array(100).fill("^v|1:99").join(", ")}])}`;
  assertEquals(writeXcode(drives, mero), `[2:\n ${line},\n ${line}]\n`);
});

Deno.test("quote() escapes what the notations cannot hold, and keeps the rest", () => {
  assertEquals(quote('/dev/a"b\\c$d'), '"/dev/a\\"b\\\\c\\u0024d"');
  assertEquals(quote("tab\tline\nbell\u0007"), '"tab\\tline\\nbell\\u0007"');
  assertEquals(quote("/srv/Küche/磁盘 1"), '"/srv/Küche/磁盘 1"');
});

Deno.test("concatenate() keeps order and index over its portions", () => {
  const items = Array.from({ length: 1234 }, (_, i) => i);
  assertEquals(
    concatenate(items, (item, i) => `${item}=${i},`),
    items.map((item) => `${item}=${item},`).join(""),
  );
  assertEquals(concatenate([], () => "x"), "");
});

Deno.test("writeConsulAgents() and writeConsulKv() write ASCII, whatever nodes are called", () => {
  const process = {
    role: "hax",
    fid: { container: 0n, key: 6n },
    fidk: 6,
    endpoint: "é@1",
    types: ["ha", "rms"],
    disks: [],
  } as const;
  const host = { name: "é", node: "é😀", ip: "10.0.0.1", isServer: true, processes: [process] };
  const cluster = { hosts: [host], pools: [], profile: { container: 0n, key: 1n } };
  assertEquals(
    writeConsulAgents(cluster),
    `\
{
  "servers": [
    {
      "hostname": "\\u00e9\\ud83d\\ude00",
      "ipaddr": "10.0.0.1"
    }
  ],
  "clients": []
}
`,
  );
  assertEquals(JSON.parse(writeConsulKv(cluster, 7)), [
    { key: "leader", value: "" },
    { key: "epoch", value: 1 },
    { key: "last_fidk", value: 7 },
    { key: "node/é😀/service/6/types", value: "ha rms" },
    { key: "node/é😀/service/6/ep", value: "é@1" },
  ]);
  assertEquals(/[^\n -~]/.test(writeConsulKv(cluster, 7)), false);
});
