import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/lib/assert.ts";
import { FACTS, GOOD } from "../../tests/lib/cdf.ts";
import { type FakeWorld, fakeWorld } from "../../tests/lib/world.ts";
import {
  CDF_HELP,
  cdfJsonSchema,
  FILE_NAMES,
  generate,
  parseCdf,
  TARGETS,
} from "../../cfgen/mod.ts";
import { join } from "../lib/std/path.ts";
import { runProgram } from "./program.ts";

const EXPECTED = generate(parseCdf(GOOD, { name: "cdf.yaml", target: TARGETS.mero }), FACTS).files;

/** A directory with a CDF, facts, and `out` for the results. */
interface Place {
  readonly directory: string;
  readonly cdf: string;
  readonly facts: string;
  readonly out: string;
}

async function inPlace(run: (place: Place) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const place = {
    directory,
    cdf: join(directory, "cdf.yaml"),
    facts: join(directory, "facts.json"),
    out: join(directory, "out"),
  };
  try {
    await Deno.writeTextFile(place.cdf, GOOD);
    await Deno.writeTextFile(place.facts, JSON.stringify(FACTS));
    await Deno.mkdir(place.out);
    await run(place);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function cfgen(args: readonly string[], parts: Partial<FakeWorld> = {}): Promise<{
  status: number;
  out: string;
  err: string;
}> {
  const world = fakeWorld(parts);
  const status = await runProgram(["cfgen", ...args], world);
  return { status, out: world.out(), err: world.err() };
}

const namesIn = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
const contentsOf = (directory: string) =>
  Object.fromEntries(
    FILE_NAMES.map((name) => [name, Deno.readTextFileSync(join(directory, name))]),
  );

Deno.test("hare cfgen writes the four files, and nothing else", () =>
  inPlace(async ({ cdf, facts, out }) => {
    assertEquals(await cfgen([cdf, "--facts", facts, "-o", out]), { status: 0, out: "", err: "" });
    assertEquals(namesIn(out), [...FILE_NAMES].sort());
    assertEquals(contentsOf(out), EXPECTED);
  }));

for (const args of [[], ["-"]]) {
  Deno.test(`hare cfgen ${args.join(" ")} reads standard input`, () =>
    inPlace(async ({ facts, out }) => {
      const parts = { readStdin: () => Promise.resolve(GOOD) };
      assertEquals((await cfgen([...args, "--facts", facts, "-o", out], parts)).status, 0);
      assertEquals(contentsOf(out), EXPECTED);
    }));
}

Deno.test("hare cfgen --mock takes what follows for the description, not for a seed", () =>
  inPlace(async ({ cdf, out }) => {
    const first = await cfgen(["-o", out, "--mock", cdf]);
    assertEquals(first.status, 0);
    const [, again = ""] = /the same again: (--mock=\w+)\n/.exec(first.err) ?? [];
    const before = contentsOf(out);
    assertEquals(await cfgen(["-o", out, again, cdf]), { status: 0, out: "", err: "" });
    assertEquals(contentsOf(out), before);
  }));

Deno.test("hare cfgen --debug prints the enriched description and writes nothing", () =>
  inPlace(async ({ cdf, facts, directory }) => {
    const { status, out, err } = await cfgen(["--debug", "--facts", facts, cdf]);
    assertEquals([status, err], [0, ""]);
    assertStringIncludes(out, "hostname: node-a");
    assertEquals(namesIn(directory), ["cdf.yaml", "facts.json", "out"]);
  }));

Deno.test("hare cfgen --debug shows the facts even where they do not fit", () =>
  inPlace(async ({ cdf, facts }) => {
    await Deno.writeTextFile(cdf, GOOD.replace("eth1", "eth7"));
    const { status, out, err } = await cfgen(["--debug", "--facts", facts, cdf]);
    assertEquals(status, 1);
    assertStringIncludes(out, "ipaddress_eth1: 10.0.0.2");
    assertStringIncludes(err, 'b has no IPv4 address on "eth7"');
  }));

Deno.test("hare cfgen prints its schema, for people and for programs", async () => {
  assertEquals(await cfgen(["--help-schema"]), { status: 0, out: CDF_HELP, err: "" });
  const { status, out } = await cfgen(["--json-schema"]);
  assertEquals([status, JSON.parse(out)], [0, cdfJsonSchema()]);
});

Deno.test("hare cfgen --target motr knows that target's keys", () =>
  inPlace(async ({ cdf, facts, out }) => {
    await Deno.writeTextFile(cdf, `${GOOD}transport: lnet\n`);
    assertEquals((await cfgen([cdf, "--facts", facts, "-o", out])).status, 1);
    assertEquals(namesIn(out), []);
    assertEquals((await cfgen([cdf, "--facts", facts, "-o", out, "--target", "motr"])).status, 0);
    assertStringIncludes(contentsOf(out)["confd.xc"] ?? "", "10.0.0.1@tcp:12345:32:1");
  }));

Deno.test("hare cfgen warns on standard error, and writes all the same", () =>
  inPlace(async ({ cdf, facts, out }) => {
    await Deno.writeTextFile(cdf, GOOD.replace("/dev/sd*", "/dev/sda"));
    const { status, err } = await cfgen([cdf, "--facts", facts, "-o", out]);
    assertEquals(status, 0);
    assertMatch(err, /^\S+cdf\.yaml:14:12: warning: pools\[0\]\.disks: /);
    assertEquals(namesIn(out), [...FILE_NAMES].sort());
  }));

Deno.test("hare cfgen reports ten mistakes with ten messages, and writes no file", () =>
  inPlace(async ({ out }) => {
    const cdf = new URL("../../tests/cfgen/ten_mistakes.yaml", import.meta.url).pathname;
    const { status, err } = await cfgen(["--mock=1", "-o", out, cdf]);
    const messages = [...err.matchAll(/^\S+ten_mistakes\.yaml:(\d+:\d+: [^:]*):/gm)];
    assertEquals([status, messages.map(([, message]) => message)], [1, [
      "2:11: hosts[0].name",
      "6:17: hosts[0].c0_clients",
      "8:5: hosts[0].colour",
      "11:19: hosts[1].m0_servers[0].io_disks.path_glob",
      "12:9: hosts[1].m0_servers[1]",
      "14:21: hosts[1].m0t1fs_clients",
      "15:11: hosts[2].name",
      "22:12: pools[0].disks",
      "25:11: pools[1].name",
      "29:31: pools[1].allowed_failures.disk",
    ]]);
    assertEquals(namesIn(out), []);
  }));

Deno.test("hare cfgen leaves everything as it was when one file cannot be written", () =>
  inPlace(async ({ cdf, facts, out }) => {
    await Deno.writeTextFile(join(out, "consul-kv.json"), "old");
    await Deno.mkdir(join(out, "confd.cg"));
    const { status, err } = await cfgen([cdf, "--facts", facts, "-o", out]);
    assertEquals(status, 1);
    assertStringIncludes(err, `cannot write ${out}/confd.cg: `);
    assertEquals(namesIn(out), ["confd.cg", "consul-kv.json"]);
    assertEquals(await Deno.readTextFile(join(out, "consul-kv.json")), "old");
  }));

for (
  const [what, args, message] of [
    [
      "an output that is not there",
      ["--mock", "CDF", "-o", "/nonexistent"],
      "cannot write to /nonexistent: no such",
    ],
    ["an output that is a file", ["--mock", "CDF", "-o", "CDF"], "it is no directory"],
    [
      "a description that is not there",
      ["--mock", "/nonexistent"],
      "cannot read /nonexistent: no such file",
    ],
    ["a description that is a directory", ["--mock", "/"], "cannot read /: "],
    [
      "a description called like an option",
      ["--mock", "--", "--mock"],
      "cannot read --mock: no such file",
    ],
    [
      "facts that are not there",
      ["CDF", "--facts", "/nonexistent"],
      "cannot read /nonexistent: no such file",
    ],
    ["facts that are none", ["CDF", "--facts", "CDF"], "is not JSON"],
  ] as const
) {
  Deno.test(`hare cfgen refuses ${what}`, () =>
    inPlace(async ({ cdf, out }) => {
      const { status, err } = await cfgen([
        "-o",
        out,
        ...args.map((arg) => arg === "CDF" ? cdf : arg),
      ]);
      assertEquals(status, 1);
      assertStringIncludes(err, message);
      assertEquals(namesIn(out), []);
    }));
}

for (
  const args of [
    ["--mock", "--facts", "f"],
    ["--debug", "-o", "d"],
    ["--help-schema", "--json-schema"],
    ["--help-schema", "cdf.yaml"],
    ["--json-schema", "--mock"],
    ["--target", "other"],
    ["--facts", "-"],
    ["--facts"],
    ["one", "two"],
    ["--mock", "one", "two"],
    ["--nonsense"],
  ]
) {
  Deno.test(`hare cfgen ${args.join(" ")} is wrong usage`, async () => {
    const { status, out, err } = await cfgen(args, { readStdin: () => Promise.resolve(GOOD) });
    assertEquals([status, out], [64, ""], err);
    assert(err.startsWith("hare: "));
  });
}

Deno.test("hare cfgen asks the hosts when nothing else is said", () =>
  inPlace(async ({ cdf, out }) => {
    await Deno.writeTextFile(cdf, GOOD.replace("name: a", "name: a.invalid"));
    const asked: string[] = [];
    const run: FakeWorld["run"] = (argv) => {
      asked.push(argv.join(" "));
      return Promise.resolve({ code: 255, stdout: "", stderr: "no route\n" });
    };
    const { status, err } = await cfgen([cdf, "-o", out], { run });
    assertEquals(status, 1);
    assertEquals(asked.length, 2);
    assertStringIncludes(err, "no facts from 2 of 2 hosts");
    assertEquals(namesIn(out), []);
  }));

Deno.test("hare cfgen asks no host while the description has problems", () =>
  inPlace(async ({ cdf, out }) => {
    await Deno.writeTextFile(cdf, GOOD.replace("c0_clients: 1", "c0_clients: two"));
    const { status, err } = await cfgen([cdf, "-o", out]); // this world has no programs to run
    assertEquals(status, 1);
    assertStringIncludes(err, 'hosts[0].c0_clients: expected a whole number, found "two"');
  }));
