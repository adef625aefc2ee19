import { assertEquals, assertNotEquals } from "../tests/lib/assert.ts";
import { but, GOOD } from "../tests/lib/cdf.ts";
import { parseCdf } from "./cdf/document.ts";
import { generate } from "./generate.ts";
import { mockFacts } from "./mock.ts";
import { parseFacts } from "./facts.ts";
import { TARGETS } from "./target.ts";

const DOCUMENT = parseCdf(GOOD, { name: "cdf.yaml", target: TARGETS.mero });

Deno.test("mockFacts() gives the same facts for the same seed, and others for another", () => {
  assertEquals(mockFacts(DOCUMENT, "seed"), mockFacts(DOCUMENT, "seed"));
  assertNotEquals(mockFacts(DOCUMENT, "seed"), mockFacts(DOCUMENT, "other"));
});

Deno.test("mockFacts() makes up what a facts file may hold", () => {
  const facts = mockFacts(DOCUMENT, "seed");
  assertEquals(parseFacts(JSON.stringify(facts), "facts.json"), facts);
});

Deno.test("mockFacts() makes up addresses that are all different, for 1,000 hosts too", () => {
  const hosts = Array.from(
    { length: 1000 },
    (_, i) =>
      `  - { name: u@h${i}, data_iface: eth1, m0_servers: [{ runs_confd: true, io_disks: { path_glob: "/dev/sd[b-d]" } }], c0_clients: 0, m0t1fs_clients: 0 }`,
  );
  const text = [
    "hosts:",
    ...hosts,
    "pools:",
    "  - { name: p, disks: all, data_units: 8, parity_units: 2 }",
    "",
  ].join("\n");
  const document = parseCdf(text, { name: "cdf.yaml", target: TARGETS.mero });
  const { cluster } = generate(document, mockFacts(document, "seed"));
  assertEquals(new Set(cluster.hosts.map(({ ip }) => ip)).size, 1000);
  assertEquals(cluster.hosts[999]?.node, "h999");
  assertEquals(cluster.pools[0]?.width, 3000);
});

Deno.test("mockFacts() gives each server disks of its own, where its glob has any left", () => {
  const servers =
    "[{ runs_confd: true, io_disks: { path_glob: /dev/sd* } }, { io_disks: { path_glob: /dev/s* } }]";
  const text = GOOD.replace("[{ runs_confd: true, io_disks: { path_glob: /dev/sd* } }]", servers);
  const document = parseCdf(text, { name: "cdf.yaml", target: TARGETS.mero });
  assertEquals(generate(document, mockFacts(document, "seed")).cluster.pools[0]?.width, 30);
});

Deno.test("mockFacts() lets no two globs of a host match one disk", () => {
  const servers = "[{ runs_confd: true, io_disks: { path_glob: '/dev/sd[b-c]' } }, " +
    "{ io_disks: { path_glob: '/dev/sd[b-e]' } }]";
  const text = but("[{ runs_confd: true, io_disks: { path_glob: /dev/sd* } }]", servers);
  const document = parseCdf(text, { name: "cdf.yaml", target: TARGETS.mero });
  const { cluster } = generate(document, mockFacts(document, "seed"));
  assertEquals(
    cluster.hosts[0]?.processes.map(({ disks }) => disks.map(({ path }) => path).join()),
    ["", "/dev/sdb,/dev/sdc", "/dev/sdd,/dev/sde", ""],
  );
});

Deno.test("mockFacts() copes with a description that could not be read", () => {
  assertEquals(mockFacts(parseCdf("[", { name: "x", target: TARGETS.mero }), "seed"), {
    hosts: {},
  });
});
