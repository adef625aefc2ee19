import { assertEquals, assertMatch, assertThrows } from "../tests/lib/assert.ts";
import { but, FACTS, GOOD } from "../tests/lib/cdf.ts";
import { formatFid } from "../mod/lib/fid.ts";
import { CdfError, parseCdf } from "./cdf/document.ts";
import { debugText } from "./debug.ts";
import { generate } from "./generate.ts";
import { type TargetName, TARGETS } from "./target.ts";

const parse = (text: string, target: TargetName = "mero") =>
  parseCdf(text, { name: "cdf.yaml", target: TARGETS[target] });

Deno.test("generate() throws all problems, rendered, and makes nothing", () => {
  const text = but("c0_clients: 1", "c0_clients: two", but("eth1", "eth7"));
  const error = assertThrows(() => generate(parse(text), FACTS), CdfError);
  assertEquals(error.problems.length, 2);
  assertEquals(
    error.message,
    `\
cdf.yaml has 2 problems
cdf.yaml:5:17: hosts[0].c0_clients: expected a whole number, found "two"
  5 |     c0_clients: two
    |                 ^~~
cdf.yaml:8:17: hosts[1].data_iface: b has no IPv4 address on "eth7"
  8 |     data_iface: eth7
    |                 ^~~~`,
  );
});

Deno.test("generate() describes the cluster that its files configure", () => {
  const { cluster } = generate(parse(GOOD), FACTS);
  const [a, b] = cluster.hosts;
  assertEquals(cluster.hosts.map(({ name, node, ip, isServer }) => [name, node, ip, isServer]), [
    ["a", "node-a", "10.0.0.1", true],
    ["b", "node-b", "10.0.0.2", false],
  ]);
  assertEquals(
    a?.processes.map(({ role, fidk, endpoint, types }) => [role, fidk, endpoint, types.join(" ")]),
    [
      ["hax", 6, "10.0.0.1@tcp:12345:1:1", "ha rms"],
      ["confd", 9, "10.0.0.1@tcp:12345:2:1", "rms confd ios sns_rep sns_reb addb2 cas iscs"],
      ["client", 26, "10.0.0.1@tcp:12345:3:1", "rms"],
    ],
  );
  assertEquals(b?.processes.map(({ role }) => role), ["hax", "ios", "client"]);
  assertEquals(
    a?.processes[1]?.disks.map(({ path, sdev, drive }) => [path, formatFid(sdev), formatFid(drive)])
      .at(0),
    [
      "/dev/sda",
      "0x6400000000000001:0xd",
      "0x6b00000000000001:0xe",
    ],
  );
  const [pool] = cluster.pools;
  assertEquals([pool?.name, pool?.dataUnits, pool?.parityUnits, pool?.spareUnits, pool?.width], [
    "p",
    1,
    1,
    1,
    8,
  ]);
  assertEquals(pool?.tolerance, [0, 0, 0, 0, 1]);
  assertEquals(
    pool?.members.map((
      { node, process, disks },
    ) => [node, process, disks.map(({ path }) => path).join()]),
    [
      ["node-a", a?.processes[1]?.fid, "/dev/sda,/dev/sdb,/dev/sdc,/dev/sdd"],
      ["node-b", b?.processes[1]?.fid, "/dev/sda,/dev/sdb,/dev/sdc,/dev/sdd"],
    ],
  );
});

Deno.test("generate() takes selected disks only, each once, in the order of all disks", () => {
  const select =
    "disks: { select: [{ host: b, path_regex: '/dev/sd[bc]' }, { host: node-a, path_regex: /dev/sda }, " +
    "{ host: b, path_regex: '.*b' }] }";
  const { cluster } = generate(parse(but("disks: all", select)), FACTS);
  assertEquals(
    cluster.pools[0]?.members.map((
      { node, disks },
    ) => [node, disks.map(({ path }) => path).join()]),
    [["node-a", "/dev/sda"], ["node-b", "/dev/sdb,/dev/sdc"]],
  );
  const list = select.replace("{ select: ", "").replace("] }", "]");
  assertEquals(
    generate(parse(but("disks: all", list)), FACTS).files,
    generate(parse(but("disks: all", select)), FACTS).files,
  );
});

Deno.test("generate() takes the allowed failures for the tolerance", () => {
  const allowed = "parity_units: 1\n    allowed_failures: { disk: 1, ctrl: null }";
  const { files, cluster } = generate(parse(but("parity_units: 1", allowed)), FACTS);
  assertEquals(cluster.pools[0]?.tolerance, [0, 0, 0, 0, 1]);
  const none = but("parity_units: 1", "parity_units: 1\n    allowed_failures: {}");
  assertEquals(generate(parse(none), FACTS).cluster.pools[0]?.tolerance, [0, 0, 0, 0, 0]);
  assertEquals(files["confd.cg"].includes("tolerance=[0, 0, 0, 0, 1]"), true);
});

Deno.test("generate() gives target motr its transports, spare units and nodes of enclosures", () => {
  const text = but("parity_units: 1", "parity_units: 1\n    spare_units: 0\ntransport: lnet");
  const { files, cluster } = generate(parse(text, "motr"), FACTS);
  assertEquals(cluster.hosts[0]?.processes.map(({ endpoint }) => endpoint), [
    "10.0.0.1@tcp:12345:31:1",
    "10.0.0.1@tcp:12345:32:1",
    "10.0.0.1@tcp:12345:33:1",
  ]);
  assertEquals(
    generate(parse(GOOD, "motr"), FACTS).cluster.hosts[0]?.processes.map(({ endpoint }) =>
      endpoint
    ),
    [
      "inet:tcp:10.0.0.1@22001",
      "inet:tcp:10.0.0.1@21001",
      "inet:tcp:10.0.0.1@22501",
    ],
  );
  const confgen = files["confd.cg"];
  assertMatch(confgen, /^\(root-0 .* mdredundancy=2 /);
  assertMatch(confgen, /\n\(pver-\d+ N=1 K=1 S=0 P=8 /);
  assertMatch(confgen, /\n\(enclosure-4 node=node-3 ctrls=/);
  assertMatch(confgen, /\n\(controller-5 drives=/);
});

Deno.test("generate() keeps port 21001 of target motr for the confd, wherever it stands", () => {
  const text = but(
    "[{ runs_confd: true, ",
    "[{ io_disks: { path_glob: /dev/sda } }, { runs_confd: true }] # ",
  );
  const [a, b] = generate(parse(text, "motr"), FACTS).cluster.hosts;
  assertEquals(a?.processes.map(({ role, endpoint }) => `${role} ${endpoint}`), [
    "hax inet:tcp:10.0.0.1@22001",
    "ios inet:tcp:10.0.0.1@21002",
    "confd inet:tcp:10.0.0.1@21001",
    "client inet:tcp:10.0.0.1@22501",
  ]);
  assertEquals(b?.processes[1]?.endpoint, "inet:tcp:10.0.0.2@21002");
});

Deno.test("generate() passes warnings on, rendered", () => {
  const text = but(
    "b\n    data_iface: eth1\n    m0_servers: [{ io_disks: { path_glob: /dev/sd*",
    "b\n    data_iface: eth1\n    m0_servers: [{ io_disks: { path_glob: /dev/sda",
  );
  const [warning = [], ...rest] = generate(parse(text), FACTS).warnings;
  assertEquals(rest, []);
  assertEquals(
    warning[0],
    "cdf.yaml:14:12: warning: pools[0].disks: the controllers of this pool have from 1 to 4 drives; " +
      "the tolerance is computed as if a parity group spread evenly over them",
  );
});

Deno.test("debugText() puts facts and disks in their places", () => {
  const text = debugText(parse(GOOD), FACTS);
  assertEquals(text.split("\n").slice(0, 12), [
    "hosts:",
    "  - name: a",
    "    m0_servers:",
    "      - runs_confd: true",
    "        io_disks:",
    "          path_glob: /dev/sd*",
    "          disks:",
    "            - path: /dev/sda",
    "              size: 1073741824",
    "              blksize: 4096",
    "            - path: /dev/sdb",
    "              size: 1073741824",
  ]);
  assertEquals(text.includes("hostname: node-b"), true);
});
