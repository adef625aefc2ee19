/**
 * Files written whole.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { readTextFileIfAny, writeFileAtomic } from "./files.ts";
import { join } from "./std/path.ts";

async function withDirectory(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const names = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();

Deno.test("writeFileAtomic() replaces a file and sets its mode", async () => {
  await withDirectory(async (dir) => {
    const path = join(dir, "x");
    await writeFileAtomic(path, "old");
    await writeFileAtomic(path, "ü\n".repeat(100_000), { mode: 0o640 });
    assertEquals(await readTextFileIfAny(path), "ü\n".repeat(100_000));
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o640);
    assertEquals(await names(dir), ["x"]);
  });
});

Deno.test("writeFileAtomic() leaves nothing behind when it fails", async () => {
  await withDirectory(async (dir) => {
    await Deno.mkdir(join(dir, "x", "y"), { recursive: true });
    await assertRejects(() => writeFileAtomic(join(dir, "x"), "text"));
    assertEquals(await names(dir), ["x"]);
    const missing = join(dir, "missing", "x");
    await assertRejects(() => writeFileAtomic(missing, "text"), Deno.errors.NotFound);
  });
});

Deno.test("readTextFileIfAny() is null where there is no file", async () => {
  await withDirectory(async (dir) => assertEquals(await readTextFileIfAny(join(dir, "x")), null));
});
