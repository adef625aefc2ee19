import fc from "fast-check";
import { parse } from "yaml";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { makeFid } from "../lib/fid.ts";
import { type ClientPlace, M0crateFile } from "./m0crate_file.ts";

const PLACE: ClientPlace = {
  localEndpoint: "10.0.0.1@tcp:12345:3:1",
  haEndpoint: "10.0.0.1@tcp:12345:1:1",
  process: makeFid("process", 40),
  profile: makeFid("profile", 126),
};

function edited(text: string, place = PLACE): string {
  return new M0crateFile({ name: "io.yaml", text }).with(place).text;
}

Deno.test("with() changes the four values of a file for Mero, and nothing else", () => {
  const file = (local: string, ha: string, profile: string, process: string) =>
    `# A test.

CrateConfig_Sections: [MERO_CONFIG, WORKLOAD_SPEC]

MERO_CONFIG:
   MERO_LOCAL_ADDR: ${local}
   MERO_HA_ADDR:    ${ha}   # not aligned
   CLOVIS_PROF: <${profile}>  # profile
   LAYOUT_ID:   9             # (9: 1MB)
   CLOVIS_PROCESS_FID: "<${process}>"
LOG_LEVEL:   4

WORKLOAD_SPEC:
   WORKLOAD: { WORKLOAD_TYPE: 1,  IOSIZE: 10m }
`;
  const before = file("192.168.1.1@tcp:12345:33:302", "x", "0x7:0x1", "0x7200000000000001:0x1");
  const m0crate = new M0crateFile({ name: "io.yaml", text: before });
  const { text, settings } = m0crate.with(PLACE);
  assertEquals(
    text,
    file(
      "10.0.0.1@tcp:12345:3:1",
      "10.0.0.1@tcp:12345:1:1",
      "0x7000000000000001:0x7e",
      "0x7200000000000001:0x28",
    ),
  );
  assertEquals(settings, [
    ["MERO_LOCAL_ADDR", "10.0.0.1@tcp:12345:3:1"],
    ["MERO_HA_ADDR", "10.0.0.1@tcp:12345:1:1"],
    ["CLOVIS_PROCESS_FID", "0x7200000000000001:0x28"],
    ["CLOVIS_PROF", "0x7000000000000001:0x7e"],
  ]);
  assertEquals(m0crate.target, "mero");
});

Deno.test("with() keeps the names by which a program of Motr knows its settings", () => {
  const place = { ...PLACE, localEndpoint: "inet:tcp:10.0.0.1@22501" };
  const text = "MOTR_CONFIG:\n  MOTR_HA_ADDR: x\n  MOTR_LOCAL_ADDR:\n  LIBMOTR_PROF: # p\n" +
    "  LIBMOTR_PROCESS_FID: 0x7:0x1\n";
  assertEquals(
    edited(text, place),
    "MOTR_CONFIG:\n  MOTR_HA_ADDR: 10.0.0.1@tcp:12345:1:1\n" +
      "  MOTR_LOCAL_ADDR: inet:tcp:10.0.0.1@22501\n" +
      "  LIBMOTR_PROF: <0x7000000000000001:0x7e> # p\n" +
      "  LIBMOTR_PROCESS_FID: 0x7200000000000001:0x28\n",
  );
  assertEquals(new M0crateFile({ name: "io.yaml", text }).target, "motr");
});

Deno.test("with() adds what is missing where it belongs", () => {
  assertEquals(
    edited("MOTR_CONFIG:\r\n    # first\r\n    LAYOUT_ID: 9\r\n    PROF: ''\r\n"),
    "MOTR_CONFIG:\r\n    # first\r\n    MOTR_LOCAL_ADDR: 10.0.0.1@tcp:12345:3:1\r\n" +
      "    MOTR_HA_ADDR: 10.0.0.1@tcp:12345:1:1\r\n" +
      "    PROCESS_FID: <0x7200000000000001:0x28>\r\n    LAYOUT_ID: 9\r\n" +
      "    PROF: '<0x7000000000000001:0x7e>'\r\n",
  );
  assertEquals(parse(edited("{MOTR_CONFIG: {PROF: 1}}")), {
    MOTR_CONFIG: {
      MOTR_LOCAL_ADDR: PLACE.localEndpoint,
      MOTR_HA_ADDR: PLACE.haEndpoint,
      PROCESS_FID: "<0x7200000000000001:0x28>",
      PROF: "0x7000000000000001:0x7e",
    },
  });
});

for (
  const [text, message] of [
    ["", "io.yaml:1:1: there is no section MERO_CONFIG or MOTR_CONFIG"],
    ["- 1\n", "io.yaml:1:1: there is no section"],
    ["A: 1\nMOTR_CONFIG: 7\n", "io.yaml:2:1: MOTR_CONFIG is no list of settings"],
    ["MOTR_CONFIG:\nA: 1\n", "io.yaml:1:1: MOTR_CONFIG is no list of settings"],
    [
      "MOTR_CONFIG:\n  A: 1\nMOTR_CONFIG:\n  A: 1\n",
      "io.yaml:3:1: there is another section MOTR_CONFIG before this",
    ],
    ["MOTR_CONFIG: {A: 1}\nMERO_CONFIG: {A: 1}\n", "io.yaml:2:1: there is a section for Mero and"],
    [
      "MOTR_CONFIG:\n  PROF: 1\n  PROF: 2\n",
      "io.yaml:3:3: PROF is given twice",
    ],
    ["MOTR_CONFIG:\n  PROF: [1\n", "io.yaml:3:1: not valid YAML"],
    ["MOTR_CONFIG: {A: 1}\n---\nB: 1\n", "io.yaml:2:1: not valid YAML"],
    ["MOTR_CONFIG:\n  PROF: [1]\n", "io.yaml:2:3: PROF has no plain value"],
    ["MOTR_CONFIG:\n  PROF: |\n    text\n", "io.yaml:2:9: PROF has a block of text"],
    ["MOTR_CONFIG:\n  PROF: &p x\nB: *p\n", "io.yaml:2:12: PROF has an anchor, &p"],
    ["MOTR_CONFIG:\n  ? PROF\n  : x\n", "cannot be added before this"],
  ] as const
) {
  Deno.test(`a file ${JSON.stringify(text)} is refused`, () => {
    assertThrows(() => edited(text), HareError, message);
  });
}

Deno.test("with() changes a file whose workloads have the same key and any indentation", () => {
  const text = `CrateConfig_Sections: [MOTR_CONFIG, WORKLOAD_SPEC]
MOTR_CONFIG:
     MOTR_LOCAL_ADDR: 10.0.0.9@tcp:12345:34:101
   MOTR_HA_ADDR:    10.0.0.9@tcp:12345:34:1 # hax
    PROF: 0x7000000000000001:0
  PROCESS_FID: 0x7200000000000000:0
  PROCESS_FID_OTHER: 1

WORKLOAD_SPEC:
   WORKLOAD:
      WORKLOAD_TYPE: 1
     OPCODE: 5
    MOTR_CONFIG_LIKE: 7
   WORKLOAD:
      WORKLOAD_TYPE: 1
       # a comment
      OPCODE: 6
      PROF: 3
`;
  assertEquals(
    edited(text),
    text.replace("10.0.0.9@tcp:12345:34:101", PLACE.localEndpoint)
      .replace("10.0.0.9@tcp:12345:34:1", PLACE.haEndpoint)
      .replace("0x7000000000000001:0", "0x7000000000000001:0x7e")
      .replace("0x7200000000000000:0", "0x7200000000000001:0x28"),
  );
});

const NAMES = ["MOTR_LOCAL_ADDR", "MOTR_HA_ADDR", "PROCESS_FID", "PROF"];

const comment = fc.stringMatching(/^[ -~äß€]{0,30}$/).map((text) => `# ${text}`);
const end = fc.oneof(fc.constant(""), comment.map((text) => ` ${text}`));
const word = fc.stringMatching(/^[a-z][a-z0-9@.:]{0,12}[a-z0-9]$/);
const value = fc.oneof(
  word,
  word.map((text) => `<${text}>`),
  word.map((text) => `"${text}"`),
  word.map((text) => `'${text}'`),
  fc.constant(""),
);
const setting = (name: fc.Arbitrary<string>) =>
  fc.tuple(name, fc.stringMatching(/^ {1,4}$/), value, end)
    .map(([name, space, value, end]) => ({ name, before: `${name}:${space}`, value, end }));

/** A file for Motr: its own settings and others in any order, comments and blank lines between. */
const files = fc.record({
  head: fc.array(fc.oneof(comment, fc.constant(""))),
  indent: fc.stringMatching(/^ {1,6}$/),
  settings: fc.tuple(
    fc.subarray(NAMES).chain((names) => fc.tuple(...names.map((n) => setting(fc.constant(n))))),
    fc.uniqueArray(setting(word.map((text) => `X_${text.replaceAll(/\W/g, "")}`)), {
      selector: ({ name }) => name,
      minLength: 1,
    }),
  ).chain(([own, others]) =>
    fc.shuffledSubarray([...own, ...others], { minLength: own.length + others.length })
  ),
  between: fc.array(fc.oneof(comment, fc.constant("")), { maxLength: 4 }),
  tail: fc.array(fc.oneof(comment, fc.constant(""), fc.constant("LOG_LEVEL: 4 # info"))),
}).map(({ head, indent, settings, between, tail }) => {
  const lines = settings.map((setting, i) => ({ ...setting, comment: between[i] ?? null }));
  const text = [
    ...head,
    "MOTR_CONFIG:  # section",
    ...lines.flatMap(({ before, value, end, comment }) => [
      `${indent}${before}${value}${end}`,
      ...(comment === null ? [] : [comment]),
    ]),
    ...tail.filter((line, i) => !line.startsWith("LOG") || tail.indexOf(line) === i),
    "",
  ].join("\n");
  return { text, lines, indent };
});

Deno.test("comments, order and all else stay, whatever the file looks like", () => {
  fc.assert(fc.property(files, ({ text, lines, indent }) => {
    const after = edited(text);
    const isOwn = (line: string) => NAMES.includes(line.trim().split(":")[0] ?? "");
    const rest = (text: string) => text.split("\n").filter((line) => !isOwn(line));
    assertEquals(rest(after), rest(text), "the other lines");
    const own = (text: string) => text.split("\n").filter(isOwn);
    const given = lines.filter(({ name }) => NAMES.includes(name));
    const added = NAMES.length - given.length;
    assertEquals(own(after).length, NAMES.length);
    assertEquals(own(after).filter((line) => !line.startsWith(indent)), []);
    for (const { before, end } of given) {
      const line = own(after).find((line) => line.startsWith(indent + before.trimEnd()));
      assertEquals(line?.endsWith(end), true, `${line} ends in ${end}`);
    }
    const kept = own(after).map((line) => line.trim().split(":")[0]);
    const order = own(text).map((line) => line.trim().split(":")[0]);
    assertEquals(kept.filter((name) => order.includes(name)), order);
    const bare = (value: unknown) => String(value).replace(/^<(.*)>$/, "$1");
    const { MOTR_CONFIG: section } = parse(after);
    assertEquals(NAMES.map((name) => bare(section[name])), [
      PLACE.localEndpoint,
      PLACE.haEndpoint,
      "0x7200000000000001:0x28",
      "0x7000000000000001:0x7e",
    ]);
    const { MOTR_CONFIG: before } = parse(text);
    assertEquals(Object.keys(section).length, Object.keys(before).length + added);
    for (const { name } of lines) {
      if (!NAMES.includes(name)) assertEquals(section[name], before[name]);
    }
    assertEquals(edited(after), after, "a second time changes nothing");
  }));
});
