import { assertEquals } from "../../tests/lib/assert.ts";
import { but, HOST_A, HOST_B, POOL, testCases } from "../../tests/lib/cdf.ts";
import { CDF_HELP } from "./help.ts";
import { assertSound, checkCdf, parseCdf } from "./document.ts";
import { TARGETS } from "../target.ts";
import { valueAt } from "./path.ts";
import { cdfJsonSchema, wholePathRegex } from "./schema.ts";

testCases([
  ["a list of hosts that is none", but(HOST_A + HOST_B, "hosts: 7"), [
    "1 hosts: expected a list, found 7",
  ]],
  ["no hosts", but(HOST_A + HOST_B, "hosts: []"), [
    "1 hosts: expected at least one entry, found an empty list",
  ]],
  ["a missing list of pools", but(POOL, ""), ["2 pools: missing; expected a list"]],
  ["no text for a name", but("name: a", "name: 7"), [
    "3 hosts[0].name: expected text, found 7; quote it",
  ]],
  ["an empty name", but("name: a", 'name: ""'), ['3 hosts[0].name: expected some text, found ""']],
  ["a text in quotes in place of a boolean", but("true", "'yes'"), [
    '4 hosts[0].m0_servers[0].runs_confd: expected true or false, found "yes"',
  ]],
  ["more clients than any host has", but("c0_clients: 1", "c0_clients: 100000000"), [
    "5 hosts[0].c0_clients: expected at most 10000, found 100000000",
  ]],
  ["more units than any pool has", but("data_units: 1", "data_units: 10001"), [
    "15 pools[0].data_units: expected at most 10000, found 10001",
  ]],
  ["a number of clients below 0", but("c0_clients: 1", "c0_clients: -1"), [
    "5 hosts[0].c0_clients: expected 0 or more, found -1",
  ]],
  ["a number in quotes", but("c0_clients: 1", 'c0_clients: "1"'), [
    '5 hosts[0].c0_clients: expected a whole number, found "1"',
  ]],
  ["a broken number", but("c0_clients: 1", "c0_clients: 1.5"), [
    "5 hosts[0].c0_clients: expected a whole number, found 1.5",
  ]],
  ["a missing number of clients", but("c0_clients: 1\n", "\n"), [
    "3 hosts[0].c0_clients: missing; expected a whole number",
  ]],
  ["disks of a host", but("c0_clients: 1", "c0_clients: 1\n    disks: [/dev/sdb]"), [
    "6 hosts[0].disks: expected nothing, found a list",
  ]],
  ["an unknown key", but("c0_clients: 1", "c0_clients: 1\n    colour: red"), [
    "6 hosts[0].colour: unknown key; expected one of name, data_iface, m0_servers, c0_clients, " +
    "m0t1fs_clients, disks",
  ]],
  ["a misspelt key, once", but("c0_clients: 1", "c0_client: 1"), [
    "5 hosts[0].c0_client: unknown key; did you mean c0_clients?",
  ]],
  ["a misspelt optional key, once", but("m0_servers", "m0_server"), [
    "4 hosts[0].m0_server: unknown key; did you mean m0_servers?",
  ]],
  ["disks of a pool that are neither", but("disks: all", "disks: some"), [
    '14 pools[0].disks: expected "all" or a list or a mapping, found "some"',
  ]],
  ["a selection without its parts", but("disks: all", "disks: { select: [{ host: a }] }"), [
    "14 pools[0].disks.select[0].path_regex: missing; expected text",
  ]],
  ["no selection", but("disks: all", "disks: []"), [
    "14 pools[0].disks: expected at least one entry, found an empty list",
  ]],
  [
    "a regular expression that is none",
    but("disks: all", 'disks: [{ host: a, path_regex: "a)(b" }]'),
    [
      "14 pools[0].disks[0].path_regex: not a regular expression: /a)(b/: Unmatched ')'",
    ],
  ],
  ["no data units", but("data_units: 1", "data_units: 0"), [
    "15 pools[0].data_units: expected 1 or more, found 0",
  ]],
  ["a key given twice", but("c0_clients: 1", "c0_clients: 1\n    c0_clients: 1"), [
    "6 hosts[0].c0_clients: this key is given twice",
  ]],
]);

Deno.test("YAML 1.1's booleans are booleans where one is wanted, and texts elsewhere", () => {
  for (
    const [text, value] of [["yes", true], ["On", true], ["NO", false], ["off", false]] as const
  ) {
    const text11 = but("true", text, but("name: a", `name: ${text}`, but("name: p", "name: off")));
    const document = parseCdf(text11, { name: "cdf.yaml", target: TARGETS.mero });
    const { problems } = checkCdf(document);
    assertEquals(document.cdf?.hosts[0]?.m0_servers?.[0]?.runs_confd, value);
    assertEquals([document.cdf?.hosts[0]?.name, document.cdf?.pools[0]?.name], [text, "off"]);
    assertEquals(problems.list("warning").map(({ text }) => text), [
      `read as ${value}, as in YAML 1.1; write ${value}`,
    ]);
  }
});

/** Names of all properties in a JSON Schema. */
function propertiesIn(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === "properties" ? Object.keys(value) : []),
    ...propertiesIn(value),
  ]);
}

Deno.test("cdfJsonSchema() refuses unknown keys everywhere, and knows what is optional", () => {
  const schema = cdfJsonSchema();
  const text = JSON.stringify(schema);
  assertEquals(
    text.match(/"additionalProperties":false/g),
    text.match(/"type":"object"/g)?.map(() => '"additionalProperties":false'),
  );
  assertEquals(valueAt(schema, ["required"]), ["hosts", "pools"]);
  const host = valueAt(schema, ["properties", "hosts", "items", "required"]);
  assertEquals(host, ["name", "c0_clients", "m0t1fs_clients"]);
});

Deno.test("CDF_HELP is itself a CDF, and has every key that exists", () => {
  assertSound(parseCdf(CDF_HELP, { name: "help", target: TARGETS.motr }));
  const missing = propertiesIn(cdfJsonSchema()).filter((key) => !CDF_HELP.includes(`${key}:`));
  assertEquals(missing, []);
});

Deno.test("wholePathRegex() matches the whole path, whatever the expression", () => {
  assertEquals(wholePathRegex("/dev/sda|/dev/sdb").test("/dev/sdb1"), false);
  assertEquals(wholePathRegex("/dev/sda|/dev/sdb").test("/dev/sdb"), true);
  assertEquals(wholePathRegex(".*").test("/odd\nname"), true);
});
