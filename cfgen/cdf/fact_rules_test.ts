import { assertEquals } from "../../tests/lib/assert.ts";
import { but, found, GOOD, hostFacts, testCases } from "../../tests/lib/cdf.ts";

testCases([
  ["a host without facts", but("name: b", "name: d"), [
    '7 hosts[1].name: there are no facts about host "d"',
  ]],
  [
    "a host without facts, not called unknown besides",
    but(
      "disks: all",
      "disks: [{ host: node-d, path_regex: .* }]",
      but("name: b", "name: d"),
    ),
    ['7 hosts[1].name: there are no facts about host "d"'],
  ],
  ["a host that is called like what every object has", but("name: b", "name: constructor"), [
    '7 hosts[1].name: there are no facts about host "constructor"',
  ]],
  ["an interface without an address", but("eth1", "eth7"), [
    '8 hosts[1].data_iface: b has no IPv4 address on "eth7"',
  ]],
  ["two hosts with one address", GOOD, [
    "8 hosts[1].data_iface: address 10.0.0.1 is that of hosts[0] already",
  ], {
    facts: { hosts: { a: hostFacts("node-a", "10.0.0.1"), b: hostFacts("node-b", "10.0.0.1") } },
  }],
  ["two hosts with one node name", GOOD, [
    '7 hosts[1].name: node name "node-a" is that of hosts[0] already',
  ], {
    facts: { hosts: { a: hostFacts("node-a", "10.0.0.1"), b: hostFacts("node-a", "10.0.0.2") } },
  }],
  ["two hosts with node names that differ in case only", GOOD, [
    '7 hosts[1].name: node name "Node-A" is that of hosts[0] already',
  ], {
    facts: { hosts: { a: hostFacts("node-a", "10.0.0.1"), b: hostFacts("Node-A", "10.0.0.2") } },
  }],
  ["a node name that is none", GOOD, [
    '7 hosts[1].name: node name "node b" contains a space',
  ], {
    facts: { hosts: { a: hostFacts("node-a", "10.0.0.1"), b: hostFacts("node b", "10.0.0.2") } },
  }],
  ["a glob that matches nothing", but("/dev/sd* } }]", "/dev/none* } }]"), [
    '4 hosts[0].m0_servers[0].io_disks.path_glob: "/dev/none*" matches no disk on a',
  ]],
  ["a glob that was not asked for", but("/dev/sd* } }]", "/dev/new* } }]"), [
    '4 hosts[0].m0_servers[0].io_disks.path_glob: "/dev/new*" matches no disk on a',
  ]],
  [
    "a disk of two servers",
    but("/dev/sd* } }]", "/dev/sda } }, { io_disks: { path_glob: /dev/sd* } }]"),
    [
      "4 hosts[0].m0_servers[1].io_disks.path_glob: disk /dev/sda: used by m0_servers[0] of this host " +
      "already",
    ],
  ],
  [
    "all disks of two servers",
    but("/dev/sd* } }]", "/dev/sd* } }, { io_disks: { path_glob: /dev/sd* } }]"),
    [
      "4 hosts[0].m0_servers[1].io_disks.path_glob: disk /dev/sda and 3 more: used by m0_servers[0] of " +
      "this host already",
    ],
  ],
]);
Deno.test("checkCdf() concludes nothing from what is wrong in itself", () => {
  const cdf = `
hosts:
  - name: a
    m0_servers: [{ runs_confd: maybe }]
    c0_clients: none
    m0t1fs_clients: 0
  - name: b
    m0_servers: [{ io_disks: { path_glob: [] } }]
    c0_clients: 0
    m0t1fs_clients: 0
pools:
  - { name: p, disks: all, data_units: 8, parity_units: 2 }
`;
  assertEquals(found(cdf), [
    '4 hosts[0].m0_servers[0].runs_confd: expected true or false, found "maybe"',
    '5 hosts[0].c0_clients: expected a whole number, found "none"',
    "8 hosts[1].m0_servers[0].io_disks.path_glob: expected text, found an empty list",
  ]);
});

Deno.test("checkCdf() reports what is wrong with types and against the rules together", () => {
  const cdf = `
hosts:
  - name: a
    m0_servers:
      - runs_confd: true
      - io_disks: { path_glob: /dev/sd* }
      - {}
    c0_clients: two
    m0t1fs_clients: 0
  - 7
pools:
  - { name: p, disks: [{ host: a, path_regex: .* }], data_units: 4, parity_units: 1, colour: red }
  - { name: p, disks: [{ host: a, path_regex: x }], data_units: 1 }
`;
  assertEquals(found(cdf), [
    "7 hosts[0].m0_servers[2]: this server neither runs confd nor has io_disks",
    '8 hosts[0].c0_clients: expected a whole number, found "two"',
    "10 hosts[1]: expected a mapping, found 7",
    "12 pools[0].colour: unknown key; expected one of name, disks, data_units, parity_units, " +
    "spare_units, allowed_failures",
    "13 pools[1].parity_units: missing; expected a whole number",
    '13 pools[1].name: pool "p" is pools[0] already',
    '13 pools[1].disks[0].path_regex: "x" matches none of the 4 disks of a',
  ]);
});

Deno.test("checkCdf() warns of controllers with unequal numbers of drives", () => {
  const facts = { hosts: { a: hostFacts("a", "10.0.0.1", 2), b: hostFacts("b", "10.0.0.2", 5) } };
  assertEquals(found(GOOD, { facts, severity: "warning" }), [
    "14 pools[0].disks: the controllers of this pool have from 2 to 5 drives; the tolerance is " +
    "computed as if a parity group spread evenly over them",
  ]);
  assertEquals(found(GOOD, { facts }), []);
  assertEquals(found(GOOD, { severity: "warning" }), []);
});
