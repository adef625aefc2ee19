import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { defaultRoute, makeMachine } from "../../tests/facts/machine.ts";
import { HareError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { FactsError } from "./errors.ts";
import { factsOfThisHost } from "./local.ts";

Deno.test("factsOfThisHost() gives name, processors, whole MB, address and disks", async () => {
  const machine = makeMachine({
    hostname: "ssc-vm1.example.com",
    memory: 191_000 * 2 ** 20 + 12_345,
    processors: "40\n",
    entries: { "/dev/sda": { device: { size: 1024, blksize: 512 } } },
  });
  assertEquals(await factsOfThisHost({ iface: undefined, globs: ["/dev/sd*"] }, machine), {
    facts: {
      hostname: "ssc-vm1.example.com",
      processorcount: 40,
      memorysize_mb: 191_000,
      ipaddress: "192.0.2.1",
      macaddress: "52:54:00:00:00:01",
    },
    disks: { "/dev/sd*": [{ path: "/dev/sda", size: 1024, blksize: 512 }] },
  });
});

Deno.test("factsOfThisHost() takes the address of the interface that is named", async () => {
  const machine = makeMachine({ interfaces: { eth0: "192.0.2.1", eth1: "10.0.0.7" }, routes: [] });
  const { facts } = await factsOfThisHost({ iface: "eth1", globs: [] }, machine);
  assertEquals([facts.ipaddress, facts.ipaddress_eth1], [undefined, "10.0.0.7"]);
});

Deno.test("factsOfThisHost() takes the default route of least metric that is up", async () => {
  const interfaces = { a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3", d: "10.0.0.4" };
  const net = "d\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
  const routes = [
    net,
    defaultRoute("*", 0),
    defaultRoute("a", 200),
    defaultRoute("b", 100),
    defaultRoute("c", 50, "0002"),
  ];
  const machine = makeMachine({ interfaces, routes });
  const { facts } = await factsOfThisHost({ iface: undefined, globs: [] }, machine);
  assertEquals(facts.ipaddress, "10.0.0.2");
});

Deno.test("factsOfThisHost() tells all that is missing at once", async () => {
  const machine = makeMachine({ processors: "many", interfaces: { eth0: "10.0.0.1", ib0: null } });
  const act = () => factsOfThisHost({ iface: "ib0", globs: ["/dev/sd*"] }, machine);
  const error = await assertRejects(act, FactsError);
  assertEquals(error.problems, [
    'getconf says that there are "many" processors',
    "interface ib0 has no IPv4 address; there are: eth0 10.0.0.1",
    "nothing matches /dev/sd*",
  ]);
});

Deno.test("factsOfThisHost() names the interfaces when the one asked for is not there", async () => {
  const machine = makeMachine({ interfaces: { lo: "127.0.0.1", eth0: "10.0.0.1" } });
  await assertRejects(
    () => factsOfThisHost({ iface: "eth9", globs: [] }, machine),
    FactsError,
    "no interface eth9 with an address; there are: lo 127.0.0.1, eth0 10.0.0.1",
  );
});

Deno.test("factsOfThisHost() says what to do without a default route", async () => {
  await assertRejects(
    () => factsOfThisHost({ iface: undefined, globs: [] }, makeMachine({ routes: [] })),
    FactsError,
    "no IPv4 default route, so the interface must be named (data_iface in the CDF",
  );
});

Deno.test("factsOfThisHost() names a program that is missing", async () => {
  const { system } = makeMachine({ entries: { "/dev/sda": { device: { size: 1, blksize: 1 } } } });
  const run = ([program]: readonly string[]) =>
    Promise.reject(new HareError(`cannot run ${program}`, { hint: "install it" }));
  const act = () => factsOfThisHost({ iface: "eth0", globs: ["/dev/sda"] }, { system, run });
  const { problems } = await assertRejects(act, FactsError);
  assertEquals(problems, ["cannot run getconf (install it)", "cannot run lsblk (install it)"]);
});

Deno.test("factsOfThisHost() passes on what is a fault of the program", async () => {
  const { system } = makeMachine({});
  const run = () => Promise.reject(new TypeError("a fault"));
  const act = () => factsOfThisHost({ iface: "eth0", globs: [] }, { system, run });
  await assertRejects(act, TypeError, "a fault");
});

Deno.test("factsOfThisHost() works on this machine", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.truncate(file, 1 << 20);
    const { facts, disks } = await factsOfThisHost({ iface: "lo", globs: [file] }, {
      run: runHere,
    });
    assertEquals([facts.hostname, facts.ipaddress_lo], [Deno.hostname(), "127.0.0.1"]);
    assert(facts.processorcount >= 1 && facts.memorysize_mb > 100);
    assertEquals(disks[file]?.map(({ path, size }) => [path, size]), [[file, 1 << 20]]);
  } finally {
    await Deno.remove(file);
  }
});
