/**
 * Findings from inspections of hosts' storage.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { deviceOf } from "../../tests/storage/devices.ts";
import { describeDevice, findingsOf, type StorageView } from "./findings.ts";
import type { DeviceInspection } from "./protocol.ts";

const DIRECTORY = "/var/motr/m0d-0x7200000000000001:0xc";

/** Findings on the first device, given the other devices of its host, as `kind text`. */
function found(
  [own, ...others]: readonly DeviceInspection[],
  view: Partial<StorageView> = {},
): readonly string[] {
  const devices = own === undefined ? [] : [own];
  return findingsOf({
    ...{ host: "h1", directory: DIRECTORY, devices, knownDirectories: new Set() },
    known: [...devices, ...others].map((device) => ({ host: "h1", device })),
    filledDirectories: { value: [] },
    ...view,
  }).map(({ kind, text }) => `${kind} ${text}`);
}

Deno.test("findingsOf() finds nothing on blank devices", () => {
  assertEquals(found([deviceOf("/dev/a"), deviceOf("/dev/b")]), []);
});

Deno.test("findingsOf() tells what is on a device: what is known, else data, else what is doubtful", () => {
  const all = { signatures: ["xfs", "swap"], dataAt: 0, problems: ["p"] };
  assertEquals(found([deviceOf("/dev/a", all)]), [
    "signature /dev/a: xfs",
    "signature /dev/a: swap",
  ]);
  assertEquals(found([deviceOf("/dev/a", { ...all, signatures: [] })]), [
    "data /dev/a: data at byte 0",
  ]);
  assertEquals(found([deviceOf("/dev/a", { problems: ["it is slow"] })]), [
    "unproven /dev/a: it may hold data: it is slow",
  ]);
});

Deno.test("findingsOf() has what no consent overrides first", () => {
  const device = deviceOf("/dev/a", { signatures: ["xfs"], uses: ["mounted on /"] });
  assertEquals(found([device]), ["in-use /dev/a: mounted on /", "signature /dev/a: xfs"]);
});

const SAME: readonly (readonly [
  what: string,
  a: Partial<DeviceInspection>,
  b: Partial<DeviceInspection>,
  here: readonly string[],
  elsewhere: readonly string[],
])[] = [
  ["one number", { number: "8:0" }, { number: "8:0" }, [
    "twice /dev/a: it is the same as /dev/b",
  ], []],
  ["a disk and its partition", { number: "8:0", parts: ["8:1"] }, { number: "8:1" }, [
    "twice /dev/a: one is a part of the other: /dev/b",
  ], []],
  ["a partition and its disk", { number: "8:1" }, { number: "8:0", parts: ["8:1"] }, [
    "twice /dev/a: one is a part of the other: /dev/b",
  ], []],
  ["one world wide name", { wwn: "0x5" }, { wwn: "0x5" }, [
    "twice /dev/a: it is the same as /dev/b: both are 0x5",
  ], ["shared /dev/a: it may be the same as /dev/b of h2: both are 0x5"]],
  ["one serial number", { serial: "ST8 1" }, { serial: "ST8 1" }, [
    "shared /dev/a: it may be the same as /dev/b: both are ST8 1",
  ], ["shared /dev/a: it may be the same as /dev/b of h2: both are ST8 1"]],
  ["one serial number, one of them with a name", { serial: "S 1", wwn: "0x5" }, { serial: "S 1" }, [
    "shared /dev/a: it may be the same as /dev/b: both are 0x5",
  ], ["shared /dev/a: it may be the same as /dev/b of h2: both are 0x5"]],
  [
    "namespaces of one controller",
    { serial: "S 1", wwn: "0x5" },
    { serial: "S 1", wwn: "0x6" },
    [],
    [],
  ],
  ["one serial number and two sizes", { serial: "S 1" }, { serial: "S 1", size: 1 }, [], []],
  ["no number", { number: "" }, { number: "" }, [], []],
  ["no name", { serial: "", wwn: "" }, { serial: "", wwn: "" }, [], []],
];

for (const [what, a, b, here, elsewhere] of SAME) {
  Deno.test(`findingsOf() compares devices with ${what}`, () => {
    const own = deviceOf("/dev/a", a);
    const other = deviceOf("/dev/b", b);
    assertEquals(found([own, other]), here);
    const known = [{ host: "h1", device: own }, { host: "h2", device: other }];
    assertEquals(found([own], { known }), elsewhere);
  });
}

Deno.test("findingsOf() takes data of any process of Mero for data", () => {
  const known = "/var/motr/m0d-0x7200000000000001:0x9";
  const others = ["/var/mero/m0d-0x7200000000000001:0x9", "/var/motr/m0d-0x7200000000000001:0x44"];
  const view = {
    filledDirectories: { value: [known, ...others] },
    knownDirectories: new Set([known]),
  };
  assertEquals(
    found([deviceOf("/dev/a")], view),
    others.map((path) => `foreign ${path}: data of another process`),
  );
  assertEquals(found([], { filledDirectories: { value: [DIRECTORY] } }), [
    `data ${DIRECTORY}: it holds files`,
  ]);
  assertEquals(found([], { filledDirectories: { problem: "permission denied" } }), [
    "unproven permission denied",
  ]);
});

Deno.test("describeDevice() has size, model and what is on it in one line", () => {
  const device = deviceOf("/dev/a", { model: "ST8000", size: 8001563222016 });
  assertEquals(describeDevice(device), "/dev/a, 7.3T, ST8000, blank");
  assertEquals(
    describeDevice({ ...device, uses: ["mounted on /"], signatures: ['xfs "x"'], dataAt: 0 }),
    '/dev/a, 7.3T, ST8000, mounted on /, xfs "x"',
  );
  assertEquals(
    describeDevice({ ...device, kind: "missing", problems: ["there is no such device"] }),
    "/dev/a, not proven blank: there is no such device",
  );
});
