/**
 * `hare facts` on this machine.
 *
 * @module
 */

import { runProgram } from "../../mod/cli/program.ts";
import { runHere } from "../../mod/lib/process.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import { fakeWorld } from "../lib/world.ts";

/** Runs `hare facts` with files of 1 MiB to find. */
async function facts(
  args: (directory: string) => readonly string[],
): Promise<{ directory: string; status: number; out: string; err: string }> {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["disk10", "disk9"]) {
      await Deno.writeTextFile(`${directory}/${name}`, "");
      await Deno.truncate(`${directory}/${name}`, 1 << 20);
    }
    const world = fakeWorld({ run: runHere });
    const status = await runProgram(["facts", "--iface", "lo", ...args(directory)], world);
    return { directory, status, out: world.out(), err: world.err() };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("hare facts prints a table", async () => {
  const { directory, status, out, err } = await facts((it) => ["--glob", `${it}/disk*`]);
  assertEquals([status, err], [0, ""]);
  assertStringIncludes(out, `host name         ${Deno.hostname()}\n`);
  assertStringIncludes(out, "IP address of lo  127.0.0.1\n");
  const [, disks = ""] = out.split("\n\n");
  assertMatch(disks, /^\/.*\/disk\*: 2 disk\(s\)\n/);
  const paths = disks.split("\n").slice(1, 3).map((line) => line.trim().split(" ")[0]);
  assertEquals(paths, [`${directory}/disk9`, `${directory}/disk10`]);
  assertMatch(disks, /1\.05 MB {2}1048576 bytes {2}block \d+\n/);
});

Deno.test("hare facts --json prints one entry of a facts file", async () => {
  const { directory, status, out } = await facts((it) => [
    "--json",
    ...["--glob", `${it}/disk1*`],
    ...["--glob", `${it}/disk9`],
  ]);
  assertEquals(status, 0);
  const { facts: found, disks } = JSON.parse(out);
  assertEquals(Object.keys(found), [
    "hostname",
    "processorcount",
    "memorysize_mb",
    "ipaddress_lo",
    "macaddress",
  ]);
  assertEquals(Object.keys(disks), [`${directory}/disk1*`, `${directory}/disk9`]);
  assertEquals(disks[`${directory}/disk9`][0].size, 1 << 20);
});

Deno.test("hare facts tells what is missing to people, and with --json to programs too", async () => {
  const plain = await facts(() => ["--glob", "/nowhere/*"]);
  const err = "hare: nothing matches /nowhere/*\n";
  assertEquals([plain.status, plain.out, plain.err], [1, "", err]);
  const json = await facts(() => ["--json", "--glob", "/nowhere/*", "--glob", "sd*"]);
  assertEquals([json.status, JSON.parse(json.out)], [1, {
    problems: ["nothing matches /nowhere/*", "glob sd* does not begin with a slash"],
  }]);
});
