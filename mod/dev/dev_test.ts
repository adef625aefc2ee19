/**
 * The parts of a development cluster that need no processes.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { systemClock } from "../lib/clock.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { linesText } from "../lib/lines.ts";
import { runHere } from "../lib/process.ts";
import { join } from "../lib/std/path.ts";
import { ConfXcError, readConfiguredProcess } from "./conf_xc.ts";
import { down } from "./down.ts";
import { formatMark, MARK, sendSignal } from "./processes.ts";
import { addressOf, hostPart, makeFacts } from "./facts.ts";
import { kill, victimsOf } from "./kill.ts";
import { makeDisk } from "./prepare.ts";
import { assertUnused, type DevState, loadState, saveState, STATE_FORMAT } from "./state.ts";
import { unitStatusLines } from "./status.ts";

const STATE: DevState = {
  ...STATE_FORMAT,
  dir: "/no/cluster/here",
  id: "0c6f1d3e-6ad2-4c0f-9a52-6f1f0a1c9f10",
  cdf: "hosts: …",
  target: "mero",
  net: "127.77.0",
  disks: 4,
  diskSize: 1024,
  motr: null,
  hosts: [
    { name: "a", address: "127.77.0.1", servers: ["0x7200000000000001:0x9"], isServer: true },
    { name: "b", address: "127.77.0.2", servers: [], isServer: false },
  ],
};

async function withDirectory(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const worldOf = (dir: string) => ({ dir, run: runHere, clock: systemClock });
const signal = AbortSignal.timeout(60_000);

Deno.test("makeDisk() makes a file as long as a disk, and opens nothing that is no file", async () => {
  await withDirectory(async (dir) => {
    const path = join(dir, "disks/0-00");
    for (const [size, expected] of [[4096, 4096], [8192, 8192], [4096, 8192]] as const) {
      await makeDisk(path, size);
      assertEquals((await Deno.stat(path)).size, expected);
    }
    const { code } = await runHere(["mkfifo", join(dir, "fifo")]);
    assertEquals(code, 0);
    for (const name of ["fifo", "disks"]) {
      await assertRejects(() => makeDisk(join(dir, name), 1), HareError, "is no file");
    }
  });
});

Deno.test("makeFacts() gives each host an address, and each glob disks of its own", () => {
  const facts = makeFacts([
    { name: "alice@a", iface: "eth1", globs: ["/dev/x*", "/dev/y*"] },
    { name: "b", iface: undefined, globs: [] },
  ], {
    net: "127.77.0",
    disks: 2,
    diskSize: 4096,
    processors: 2,
    memoryMb: 1000,
    diskPath: (host, glob, disk) => `/disks/${host}/${glob}-${disk}`,
  });
  const a = facts.hosts["alice@a"];
  assertEquals(a?.facts.hostname, "a");
  assertEquals(a?.facts.ipaddress_eth1, "127.77.0.1");
  assertEquals(a?.disks["/dev/y*"]?.map(({ path }) => path), ["/disks/a/1-0", "/disks/a/1-1"]);
  assertEquals(facts.hosts["b"]?.facts, {
    hostname: "b",
    processorcount: 2,
    memorysize_mb: 1000,
    ipaddress: "127.77.0.2",
    macaddress: "02:00:7f:4d:00:02",
  });
});

Deno.test("addressOf() has 254 addresses", () => {
  assertEquals(addressOf("127.0.5", 253), "127.0.5.254");
  assertThrows(() => addressOf("127.0.5", 254), HareError, "254 hosts");
});

Deno.test("hostPart() takes off the user and refuses what is no name of a directory", () => {
  assertEquals(["a", "alice@ssc-vm1.local"].map(hostPart), ["a", "ssc-vm1.local"]);
  for (const name of ["..", "a/b", "", "-x"]) assertThrows(() => hostPart(name), HareError);
});

Deno.test("loadState() reads back what saveState() wrote, and refuses anything else", async () => {
  await withDirectory(async (dir) => {
    assertEquals(await loadState(dir), null);
    const state = { ...STATE, dir };
    await saveState(state);
    assertEquals(await loadState(dir), state);
    const path = join(dir, "cluster.json");
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    for (const text of ['{"version":2}', "", "[]", JSON.stringify({ ...state, format: "else" })]) {
      await Deno.writeTextFile(path, text);
      await assertRejects(() => loadState(dir), HareError, "this version of hare");
    }
    await Deno.writeTextFile(path, JSON.stringify({ ...state, dir: "/elsewhere" }));
    await assertRejects(() => loadState(dir), HareError, "the development cluster in /elsewhere");
    await Deno.writeTextFile(join(dir, "other.json"), JSON.stringify(state));
    await Deno.remove(path);
    await Deno.symlink(join(dir, "other.json"), path);
    await assertRejects(() => loadState(dir), HareError, "this version of hare");
  });
});

Deno.test("assertUnused() lets an empty directory pass, and none with other things in it", async () => {
  await withDirectory(async (dir) => {
    await assertUnused(dir);
    await Deno.writeTextFile(join(dir, "lock"), "");
    await assertUnused(dir);
    await Deno.writeTextFile(join(dir, "hosts"), "127.0.0.1 localhost");
    await assertRejects(() => assertUnused(dir), HareError, "is not empty: hosts");
  });
});

/** Every path below a directory, with what each file holds. */
async function treeOf(dir: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir));
  const lines = entries.map(async ({ name, isDirectory, isFile }) => {
    const path = join(dir, name);
    const below = isDirectory ? await treeOf(path) : [];
    return [`${path} ${isFile ? await Deno.readTextFile(path) : ""}`, ...below];
  });
  return (await Promise.all(lines)).flat().toSorted();
}

const NAMES_OF_A_CLUSTER = [
  ["hosts"],
  ["lock"],
  ["cluster.json"],
  ["hosts", "cluster.json", "lock"],
  ["thesis.tex"],
  [],
];

for (const names of NAMES_OF_A_CLUSTER) {
  Deno.test(`down() leaves a directory alone that has ${names.join(" and ") || "nothing"}`, async () => {
    await withDirectory(async (dir) => {
      for (const name of names) await Deno.writeTextFile(join(dir, name), "{}");
      const before = await treeOf(dir);
      await assertRejects(() => down(worldOf(dir), signal), HareError);
      assertEquals(await treeOf(dir), before);
    });
  });
}

Deno.test("down() leaves a directory alone whose state file is a copy of another's", async () => {
  await withDirectory(async (dir) => {
    await Deno.mkdir(join(dir, "hosts", "a"), { recursive: true });
    await Deno.writeTextFile(join(dir, "cluster.json"), JSON.stringify(STATE));
    const before = await treeOf(dir);
    await assertRejects(
      () => down(worldOf(dir), signal),
      HareError,
      "of the development cluster in",
    );
    assertEquals(await treeOf(dir), before);
  });
});

Deno.test("down() removes what the state names, follows no link, keeps other files", async () => {
  await withDirectory(async (dir) => {
    await withDirectory(async (elsewhere) => {
      await Deno.writeTextFile(join(elsewhere, "precious"), "1");
      await saveState({ ...STATE, dir });
      await Deno.mkdir(join(dir, "hosts", "a", "disks"), { recursive: true });
      await Deno.symlink(elsewhere, join(dir, "hosts", "a", "disks", "link"));
      await Deno.symlink(elsewhere, join(dir, "hosts", "b"));
      await Deno.writeTextFile(join(dir, "hosts", "own"), "");
      await Deno.writeTextFile(join(dir, "thesis.tex"), "");
      assertEquals(await down(worldOf(dir), signal), { ended: 0, removed: true });
      assertEquals(await treeOf(dir), [
        `${join(dir, "hosts")} `,
        `${join(dir, "hosts", "own")} `,
        `${join(dir, "thesis.tex")} `,
      ]);
      assertEquals(await treeOf(elsewhere), [`${join(elsewhere, "precious")} 1`]);
    });
    assertEquals(await down(worldOf(join(dir, "missing")), signal), { ended: 0, removed: false });
  });
});

Deno.test("down() ends processes of the cluster's id alone, and names others that say they are", async () => {
  await withDirectory(async (dir) => {
    const state = { ...STATE, dir };
    const start = (id: string) =>
      new Deno.Command("sleep", {
        args: ["60"],
        env: { [MARK]: formatMark({ dir, id, host: "a", unit: "u", role: "main" }) },
      }).spawn();
    const [own, other] = [start(state.id), start(crypto.randomUUID())];
    try {
      await saveState(state);
      assertEquals(await down(worldOf(dir), signal), { ended: 1, removed: true });
      assertEquals((await own.status).signal, "SIGKILL");
      await assertRejects(() => down(worldOf(dir), signal), HareError, `there: ${other.pid}`);
    } finally {
      for (const child of [own, other]) sendSignal(child.pid, "SIGKILL");
      await Promise.all([own.status, other.status]);
    }
    await Deno.mkdir(dir);
  });
});

Deno.test("kill() knows hosts, their services and servers, and nothing else", async () => {
  assertEquals(victimsOf(STATE), [
    "a",
    "a/consul",
    "a/hax",
    "a/rc",
    "0x7200000000000001:0x9",
    "b",
    "b/consul",
    "b/hax",
  ]);
  const world = { run: runHere, clock: systemClock };
  await assertRejects(() => kill("b/rc", STATE, world, signal), UsageError, 'no "b/rc"');
  await assertRejects(() => kill("a/rc", STATE, world, signal), HareError, "does not run");
});

Deno.test("unitStatusLines() shows a host once, and why a unit failed", () => {
  const unit = { host: "a", address: "127.77.0.1", why: "", pid: null };
  const table = linesText(unitStatusLines([
    { ...unit, unit: "hare-hax", state: "active", pid: 12 },
    { ...unit, unit: "hare-rc", state: "failed", why: "ended by signal 9" },
  ]));
  assertEquals(
    table,
    [
      "HOST  ADDRESS     UNIT      STATE                       PID",
      "a     127.77.0.1  hare-hax  active                      12",
      "                  hare-rc   failed (ended by signal 9)  -",
      "",
    ].join("\n"),
  );
});

const CONF = `[4:
 {0x72| ((^r|1:0x64), [1: 1], 0x8000000, 0, 0, 0, "10.0.0.1@tcp:12345:2:1", [2: ^s|1:7, ^s|1:8])},
 {0x73| ((^s|1:7), @M0_CST_RMS, [1: "10.0.0.1@tcp:12345:2:1"], [0], [0])},
 {0x73| ((^s|1:8), @M0_CST_IOS, [1: "10.0.0.1@tcp:12345:2:1"], [0], [1: ^d|1:9])},
 {0x64| ((^d|1:9), 0, 2, 1, 0x1000, 0x400, 0, 0, "/disks/\\"a\\"")}]
`;

Deno.test("readConfiguredProcess() finds a process with its services and disks", () => {
  assertEquals(readConfiguredProcess(CONF, 100n), {
    endpoint: "10.0.0.1@tcp:12345:2:1",
    services: ["M0_CST_RMS", "M0_CST_IOS"],
    disks: [{ path: '/disks/"a"', size: 1024 }],
  });
});

Deno.test("readConfiguredProcess() refuses what it cannot use", () => {
  assertThrows(() => readConfiguredProcess(CONF, 7n), ConfXcError, "knows no process");
  assertThrows(() => readConfiguredProcess("{}", 100n), ConfXcError, "no confd.xc");
  const cut = CONF.replace(/ \{0x64.*/, "");
  assertThrows(() => readConfiguredProcess(cut, 100n), ConfXcError, "that it lacks");
});
