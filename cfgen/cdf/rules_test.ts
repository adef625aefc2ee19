import { but, type Case, GOOD, HOST_A, HOST_B, hostFacts, testCases } from "../../tests/lib/cdf.ts";

const IDLE_HOST = `
  - name: b
    c0_clients: 0
    m0t1fs_clients: 0`;

const HOST_WITHOUT_DISKS = `
hosts:
  - { name: a, m0_servers: [{ runs_confd: true }], c0_clients: 1, m0t1fs_clients: 0 }`;

testCases([
  ["nothing", GOOD, []],
  [
    "nothing: null is as good as absent",
    but("data_iface: eth1", "data_iface:\n    disks: null"),
    [],
  ],
  ["nothing: a host with io only", GOOD.replace("c0_clients: 1", "c0_clients: 0"), []],
  ["nothing: a host with a client only", but("m0_servers: [{ io_", "m0_servers: [] # [{ io_"), []],
  [
    "nothing: as a node is called",
    but("disks: all", "disks: [{ host: node-b, path_regex: '.*' }]"),
    [],
  ],
  [
    "nothing: as a node is called, in capitals",
    but("disks: all", "disks: [{ host: NODE-B, path_regex: '.*' }]"),
    [],
  ],
  ["nothing: user@host", but("name: a", "name: u@a"), [], {
    facts: {
      hosts: { "u@a": hostFacts("node-a", "10.0.0.1"), b: hostFacts("node-b", "10.0.0.2") },
    },
  }],
  ["a host listed twice", but("name: b", "name: u@a"), [
    '7 hosts[1].name: host "a" is hosts[0] already',
  ], { facts: { hosts: { a: hostFacts("a", "10.0.0.1"), "u@a": hostFacts("a", "10.0.0.1") } } }],
  ["a host listed twice, in capitals", but("name: b", "name: A"), [
    '7 hosts[1].name: host "A" is hosts[0] already: names that differ in case only are the same to ' +
    "Consul and DNS",
  ], { facts: { hosts: { a: hostFacts("a", "10.0.0.1"), A: hostFacts("A", "10.0.0.1") } } }],
  ...["a b", "a,b", "a=b", 'a"b', "a/b"].map((name): Case => [
    `a hostname like ${name}`,
    but("name: a", `name: '${name}'`),
    [
      `3 hosts[0].name: the hostname of ${JSON.stringify(name)} contains ${
        name === "a b" ? "a space" : JSON.stringify(name[1])
      }`,
    ],
    { facts: null },
  ]),
  ["two users", but("name: a", "name: u@v@a"), [
    '3 hosts[0].name: the hostname of "u@v@a" contains "@"',
  ], { facts: null }],
  ["no user before the @", but("name: a", 'name: "@a"'), [
    '3 hosts[0].name: the user of "@a" is empty',
  ], { facts: null }],
  ["no host behind the @", but("name: a", 'name: "u@"'), [
    '3 hosts[0].name: the hostname of "u@" is empty',
  ], { facts: null }],
  ["a hostname that ssh would take for an option", but("name: a", "name: -v"), [
    '3 hosts[0].name: the hostname of "-v" begins with a dash',
  ], { facts: null }],
  ["a host without any process", but(HOST_B, IDLE_HOST), [
    "7 hosts[1]: this host has no server and no client",
  ]],
  [
    "a server without a task",
    but("[{ io_disks: { path_glob: /dev/sd* } }]", "[{ io_disks: null }]"),
    [
      "9 hosts[1].m0_servers[0]: this server neither runs confd nor has io_disks",
    ],
  ],
  ["two confds on a host", but("/dev/sd* } }]", "/dev/sd* } }, { runs_confd: true }]"), [
    "4 hosts[0].m0_servers[1].runs_confd: m0_servers[0] of this host runs confd already; expected " +
    "at most one",
  ]],
  ["no confd anywhere", but("runs_confd: true, ", ""), [
    "2 hosts: no host runs confd; expected at least one with runs_confd: true",
  ]],
  ["two pools of one name", `${GOOD}  - { name: p, disks: all, data_units: 1, parity_units: 0 }`, [
    '17 pools[1].name: pool "p" is pools[0] already',
  ]],
  ["a pool without disks", but(HOST_A + HOST_B, HOST_WITHOUT_DISKS), [
    "6 pools[0].disks: this pool is empty: no host has a server with io_disks",
  ]],
  ["a parity group that is too wide", but("data_units: 1", "data_units: 7"), [
    "15 pools[0].data_units: N + 2K = 7 + 2·1 = 9 is more than the 8 drives of this pool",
  ]],
  [
    "a parity group that is too wide for the selection",
    but(
      "disks: all",
      "disks: [{ host: a, path_regex: '/dev/sd[ab]' }]",
    ),
    [
      "15 pools[0].data_units: N + 2K = 1 + 2·1 = 3 is more than the 2 drives of this pool",
    ],
  ],
  [
    "a selection of a host that is not there",
    but("disks: all", "disks: [{ host: z, path_regex: .* }]"),
    [
      '14 pools[0].disks[0].host: no host of this cluster is called "z"',
    ],
  ],
  [
    "a selection of nothing",
    but("disks: all", "disks: { select: [{ host: a, path_regex: dev/sda }] }"),
    [
      '14 pools[0].disks.select[0].path_regex: "dev/sda" matches none of the 4 disks of a',
    ],
  ],
  [
    "a selection of nothing, besides something",
    but("disks: all", "disks: [{ host: a, path_regex: .* }, { host: b, path_regex: x }]"),
    [
      '14 pools[0].disks[1].path_regex: "x" matches none of the 4 disks of b',
    ],
  ],
  [
    "failures of a site",
    but("parity_units: 1", "parity_units: 1\n    allowed_failures: { site: 1, rack: 2 }"),
    [
      "17 pools[0].allowed_failures.site: expected 0, as the whole cluster is in one site, found 1",
      "17 pools[0].allowed_failures.rack: expected 0, as the whole cluster is in one rack, found 2",
    ],
  ],
  [
    "failures of more drives than parity units",
    but("parity_units: 1", "parity_units: 1\n    allowed_failures: { disk: 2 }"),
    [
      "17 pools[0].allowed_failures.disk: expected at most 1, as many drives as there are parity units, " +
      "found 2",
    ],
  ],
  [
    "failures of too many controllers",
    but(
      "parity_units: 1",
      "parity_units: 1\n    allowed_failures: { encl: 1, ctrl: 2, disk: null }",
    ),
    [
      "17 pools[0].allowed_failures.encl: expected at most 0, as N + 2K = 1 + 2·1 = 3 units on 2 " +
      "controllers bear no more, found 1",
      "17 pools[0].allowed_failures.ctrl: expected at most 0, as N + 2K = 1 + 2·1 = 3 units on 2 " +
      "controllers bear no more, found 2",
    ],
  ],
  [
    "failures of drives where the parity units are wrong, not at all",
    but(
      "parity_units: 1",
      "parity_units: one\n    allowed_failures: { disk: 2 }",
    ),
    ['16 pools[0].parity_units: expected a whole number, found "one"'],
  ],
  [
    "more servers than endpoints",
    but(
      "io_disks: { path_glob: /dev/sd* } }]",
      `${"io_disks: { path_glob: x } }, { ".repeat(1023)}io_disks: { path_glob: x } }]`,
    ) + "transport: lnet\n",
    [
      "4 hosts[0].m0_servers: 1024 servers on one host; there are endpoints for at most 1023",
    ],
    { target: "motr", facts: null },
  ],
  [
    "keys of target motr",
    but("parity_units: 1", "parity_units: 1\n    spare_units: 1\ntransport: lnet"),
    [
      "17 pools[0].spare_units: spare_units is for target motr only; this is target mero",
      "18 transport: transport is for target motr only; this is target mero",
    ],
  ],
  [
    "nothing: keys of target motr",
    but("parity_units: 1", "parity_units: 1\n    spare_units: 0\ntransport: lnet"),
    [],
    { target: "motr" },
  ],
  ["a transport that is none", but("parity_units: 1", "parity_units: 1\ntransport: tcp"), [
    '17 transport: expected "libfab" or "lnet", found "tcp"',
  ], { target: "motr" }],
  ["too many spare units", but("parity_units: 1", "parity_units: 1\n    spare_units: 7"), [
    "15 pools[0].data_units: N + K + S = 1 + 1 + 7 = 9 is more than the 8 drives of this pool",
  ], { target: "motr" }],
  [
    "more clients than endpoints",
    but(
      "c0_clients: 1",
      "c0_clients: 1023",
      but("m0t1fs_clients: 0", "m0t1fs_clients: 1\n    # one too many"),
    ) + "transport: lnet\n",
    [
      "5 hosts[0].c0_clients: 1024 clients on one host; there are endpoints for at most 1023",
    ],
    { target: "motr" },
  ],
]);
