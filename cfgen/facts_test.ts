import { assertEquals, assertThrows } from "../tests/lib/assert.ts";
import { FACTS, GOOD } from "../tests/lib/cdf.ts";
import { assertSound, CdfError, parseCdf } from "./cdf/document.ts";
import { factsRequests, parseFacts } from "./facts.ts";
import { TARGETS } from "./target.ts";
import { HareError } from "../mod/lib/errors.ts";

const HOST = {
  facts: { hostname: "a", processorcount: "4", memorysize_mb: "7821.97", ipaddress: "10.0.0.1" },
  disks: { "/dev/sd*": [{ path: "/dev/sdb", size: "8589934592", blksize: 4096 }] },
};

Deno.test("parseFacts() takes digits for numbers and cuts memory to whole megabytes", () => {
  const { hosts } = parseFacts(JSON.stringify({ hosts: { a: HOST } }), "facts.json");
  assertEquals(hosts.a?.facts.processorcount, 4);
  assertEquals(hosts.a?.facts.memorysize_mb, 7821);
  assertEquals(hosts.a?.disks["/dev/sd*"], [{ path: "/dev/sdb", size: 2 ** 33, blksize: 4096 }]);
});

Deno.test("parseFacts() keeps IPv4 addresses of all interfaces, and nothing else that hosts tell", () => {
  const facts = {
    ...HOST.facts,
    ipaddress_eth1: "10.1.0.1",
    ipaddress_ib0: "fe80::1",
    kernel: "Linux",
  };
  const { hosts } = parseFacts(JSON.stringify({ hosts: { a: { ...HOST, facts } } }), "facts.json");
  assertEquals(hosts.a?.facts, {
    hostname: "a",
    processorcount: 4,
    memorysize_mb: 7821,
    macaddress: undefined,
    ipaddress: "10.0.0.1",
    ipaddress_eth1: "10.1.0.1",
  });
});

Deno.test("parseFacts() shows all problems with their lines", () => {
  const facts = { ...HOST.facts, processorcount: 0, memorysize_mb: "much" };
  const disks = { "/dev/sd*": [{ path: "/dev/sdb", size: "99999999999999999", blksize: -1 }] };
  const text = JSON.stringify({ hosts: { "a": { facts, disks } } }, null, 2);
  const { message } = assertThrows(() => parseFacts(text, "facts.json"), CdfError);
  assertEquals(message.split("\n").filter((line) => line.startsWith("facts.json")), [
    "facts.json has 4 problems",
    "facts.json:6:27: hosts.a.facts.processorcount: expected 1 or more, found 0",
    'facts.json:7:26: hosts.a.facts.memorysize_mb: expected a number, found "much"',
    'facts.json:14:21: hosts.a.disks./dev/sd*[0].size: expected a whole number, found "99999999999999999"',
    "facts.json:15:24: hosts.a.disks./dev/sd*[0].blksize: expected 1 or more, found -1",
  ]);
});

Deno.test("parseFacts() refuses what is not JSON", () => {
  assertThrows(() => parseFacts("hosts: {}", "facts.json"), HareError, "facts.json is not JSON");
});

Deno.test("parseFacts() gives back what a facts file was made of", () => {
  assertEquals(
    JSON.parse(JSON.stringify(parseFacts(JSON.stringify(FACTS), "facts.json"))),
    JSON.parse(JSON.stringify(FACTS)),
  );
});

Deno.test("factsRequests() asks each host for its interface and each glob once", () => {
  const text = GOOD.replace("} }]", "} }, { io_disks: { path_glob: /dev/sd* } }]");
  const cdf = parseCdf(text, { name: "cdf.yaml", target: TARGETS.mero });
  assertEquals(factsRequests(assertSound(cdf)), [
    { name: "a", iface: undefined, globs: ["/dev/sd*"] },
    { name: "b", iface: "eth1", globs: ["/dev/sd*"] },
  ]);
});
