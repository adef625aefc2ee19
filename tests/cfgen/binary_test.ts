/**
 * `hare cfgen` as users run it: the built binary, with its own permissions.
 *
 * @module
 */

import { FILE_NAMES } from "../../cfgen/mod.ts";
import { join } from "../../mod/lib/std/path.ts";
import { assertEquals, assertMatch } from "../lib/assert.ts";
import { hare } from "../lib/hare.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesIn(directory: string): readonly string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

for (const example of ["singlenode", "three-nodes", "ees"]) {
  for (const target of ["mero", "motr"]) {
    Deno.test(`the binary makes a configuration of examples/${example}.yaml for ${target}`, () =>
      inDirectory(async (directory) => {
        const cdf = join(ROOT, "examples", `${example}.yaml`);
        const output = await hare(["cfgen", "--mock=1", "--target", target, "-o", directory, cdf]);
        assertEquals(output, { code: 0, stdout: "", stderr: "" });
        assertEquals(namesIn(directory), [...FILE_NAMES].sort());
      }));
  }
}

Deno.test("the binary asks this very host for its facts", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(join(directory, "disk0"), "not empty");
    const cdf = JSON.stringify({
      hosts: [{
        name: "localhost",
        m0_servers: [{ runs_confd: true, io_disks: { path_glob: `${directory}/disk*` } }],
        c0_clients: 0,
        m0t1fs_clients: 0,
      }],
      pools: [{ name: "p", disks: "all", data_units: 1, parity_units: 0 }],
    });
    const { code, stderr } = await hare(["cfgen", "-o", directory], { stdin: cdf });
    assertEquals([code, stderr], [0, ""]);
    assertMatch(await Deno.readTextFile(join(directory, "confd.cg")), /size=9 .*disk0"\)\n/);
  }));

Deno.test("the binary exits 1 for a description with ten mistakes, and writes no file", () =>
  inDirectory(async (directory) => {
    const cdf = join(ROOT, "tests", "cfgen", "ten_mistakes.yaml");
    const { code, stdout, stderr } = await hare(["cfgen", "--mock=1", "-o", directory, cdf]);
    assertEquals([code, stdout], [1, ""]);
    assertEquals(stderr.split("\n").filter((line) => line.startsWith(`${cdf}:`)).length, 10);
    assertEquals(namesIn(directory), []);
  }));
