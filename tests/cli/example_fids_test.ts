/**
 * Fids in README.md and in the help are those of the examples: what is typed there works on a
 * development cluster of `examples/singlenode.yaml`; drives are also those of
 * `examples/three-nodes.yaml`.
 */

import { configurationOf } from "../../mod/dev/configuration.ts";
import { formatFid } from "../../mod/lib/fid.ts";
import { assert, assertEquals } from "../lib/assert.ts";

const ROOT = new URL("../../", import.meta.url);

/** Fids of an example's processes and drives, as `hare dev up` makes them. */
async function fidsOf(example: string): Promise<ReadonlySet<string>> {
  const { generated: { cluster } } = configurationOf({
    cdf: await Deno.readTextFile(new URL(`examples/${example}`, ROOT)),
    ...{ cdfName: example, target: "mero", net: "127.77.0", disks: 4, diskSize: 2 ** 30 },
  }, "/dev-cluster");
  const processes = cluster.hosts.flatMap((host) => host.processes);
  const drives = processes.flatMap(({ disks }) => disks.map(({ drive }) => drive));
  return new Set([...processes.map(({ fid }) => fid), ...drives].map(formatFid));
}

/** Fids of processes and drives in a text, with the line that each stands in. */
function fidsIn(text: string): readonly (readonly [fid: string, line: string])[] {
  return text.split("\n").flatMap((line) =>
    [...line.matchAll(/0x(72|6b)0{13}1:0x[\da-f]+/g)].map(([fid]) => [fid, line] as const)
  );
}

for (const path of ["README.md", "tests/cli/help.txt"]) {
  Deno.test(`fids in ${path} are those of the examples`, async () => {
    const found = fidsIn(await Deno.readTextFile(new URL(path, ROOT)));
    assert(found.some(([fid]) => fid.startsWith("0x6b")), "no drive is named");
    assert(found.some(([fid]) => fid.startsWith("0x72")), "no process is named");
    const known = await fidsOf("singlenode.yaml");
    // `hare fid` takes one that is free.
    const wrong = found.filter(([fid, line]) => !known.has(fid) && !line.includes("hare fid"));
    assertEquals(wrong, [], `there are ${[...known].join(" ")}`);
  });
}

Deno.test("a drive that the help names is one of the cluster with three nodes, too", async () => {
  const found = fidsIn(await Deno.readTextFile(new URL("tests/cli/help.txt", ROOT)));
  const known = await fidsOf("three-nodes.yaml");
  const wrong = found.filter(([fid]) => fid.startsWith("0x6b") && !known.has(fid));
  assertEquals(wrong, [], `there are ${[...known].join(" ")}`);
});
