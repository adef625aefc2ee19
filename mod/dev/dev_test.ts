/**
 * The parts of a development cluster that need no processes.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { systemClock } from "../lib/clock.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { join } from "../lib/std/path.ts";
import { ConfXcError, readConfiguredProcess } from "./conf_xc.ts";
import { down } from "./down.ts";
import { addressOf, hostPart, makeFacts } from "./facts.ts";
import { kill, victimsOf } from "./kill.ts";
import { type DevState, loadState, saveState } from "./state.ts";
import { renderUnitStatuses } from "./status.ts";

const STATE: DevState = {
  version: 2,
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
    await saveState(dir, STATE);
    assertEquals(await loadState(dir), STATE);
    await Deno.writeTextFile(join(dir, "cluster.json"), '{"version":2}');
    await assertRejects(() => loadState(dir), HareError, "this version of hare");
  });
});

Deno.test("down() touches no directory that is not a cluster's, and no other's files", async () => {
  await withDirectory(async (dir) => {
    await Deno.writeTextFile(join(dir, "thesis.tex"), "");
    await assertRejects(() => down(worldOf(dir), signal), HareError, "no development cluster");
    await saveState(dir, STATE);
    await Deno.mkdir(join(dir, "hosts", "a"), { recursive: true });
    assertEquals(await down(worldOf(dir), signal), { ended: 0, removed: true });
    const left = await Array.fromAsync(Deno.readDir(dir));
    assertEquals(left.map(({ name }) => name), ["thesis.tex"]);
    assertEquals(await down(worldOf(join(dir, "missing")), signal), { ended: 0, removed: false });
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
  const world = worldOf("/no/cluster/here");
  await assertRejects(() => kill("b/rc", STATE, world, signal), UsageError, 'no "b/rc"');
  await assertRejects(() => kill("a/rc", STATE, world, signal), HareError, "does not run");
});

Deno.test("renderUnitStatuses() shows a host once, and why a unit failed", () => {
  const unit = { host: "a", address: "127.77.0.1", why: "", pid: null };
  const table = renderUnitStatuses([
    { ...unit, unit: "hare-hax", state: "active", pid: 12 },
    { ...unit, unit: "hare-rc", state: "failed", why: "ended by signal 9" },
  ]);
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
