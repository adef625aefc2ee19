import { assertEquals } from "../../tests/lib/assert.ts";
import { dirname } from "../lib/std/path.ts";
import { comparePaths, expandGlob } from "./glob.ts";

/** Makes the files named, in a directory of their own that goes away afterwards. */
async function withFiles(
  names: readonly string[],
  act: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of names) {
      await Deno.mkdir(dirname(`${directory}/${name}`), { recursive: true });
      await Deno.writeTextFile(`${directory}/${name}`, "");
    }
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const CASES: readonly (readonly [glob: string, matches: readonly string[]])[] = [
  ["loop*", ["loop0", "loop2", "loop10"]],
  ["loop[0-9]", ["loop0", "loop2"]],
  ["loop?", ["loop0", "loop2"]],
  ["sd{b,c}", ["sdb", "sdc"]],
  ["sd[!b]", ["sdc", "sdd"]],
  ["by-*/disk[12]", ["by-id/disk1", "by-id/disk2", "by-path/disk1"]],
  ["*", ["by-id", "by-path", "loop0", "loop2", "loop10", "sdb", "sdc", "sdd"]],
  [".h*", [".hidden"]],
  ["loop2", ["loop2"]],
  ["sdb/*", []],
  ["nowhere/*", []],
  ["LOOP*", []],
];

for (const [glob, matches] of CASES) {
  Deno.test(`expandGlob() finds for ${glob}: ${matches.join(" ")}`, async () => {
    const files = ["loop10", "loop2", "loop0", "sdd", "sdb", "sdc", ".hidden"];
    const deeper = ["by-path/disk1", "by-id/disk2", "by-id/disk1", "by-id/other"];
    await withFiles([...files, ...deeper], async (directory) => {
      const found = await expandGlob(`${directory}/${glob}`, Deno);
      assertEquals(found.map((path) => path.slice(directory.length + 1)), matches);
    });
  });
}

Deno.test("expandGlob() reads no directory that it need not", async () => {
  const read: string[] = [];
  const system = {
    readDir(path: string | URL) {
      read.push(String(path));
      return Deno.readDir("/dev");
    },
  };
  await expandGlob("/dev/null*", system);
  await expandGlob("/dev/null", system);
  assertEquals(read, ["/dev"]);
});

Deno.test("comparePaths() counts numbers, and knows a first of two that differ", () => {
  const sorted = ["/d/a1", "/d/a01", "/d/a2", "/d/a10", "/d/b"];
  assertEquals([...sorted].sort(comparePaths).slice(2), ["/d/a2", "/d/a10", "/d/b"]);
  assertEquals(comparePaths("/d/a1", "/d/a01"), -comparePaths("/d/a01", "/d/a1"));
  assertEquals(comparePaths("/d/a1", "/d/a01") !== 0, true);
});
