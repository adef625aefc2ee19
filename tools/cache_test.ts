import { assertEquals, assertRejects } from "../tests/lib/assert.ts";
import { cached } from "./cache.ts";

/** Runs `test` with a cache of its own. */
async function withCache(test: (cache: string) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await test(cache);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const names = async (directory: string) =>
  (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);

Deno.test("cached() makes a file once", async () => {
  await withCache(async (cache) => {
    let made = 0;
    const make = (path: string) => Deno.writeTextFile(path, `${made += 1}`);
    for (let time = 0; time < 2; time += 1) {
      const path = await cached("thing-1.0/thing", make, cache);
      assertEquals(path, `${cache}/thing-1.0/thing`);
      assertEquals(await Deno.readTextFile(path), "1");
    }
    assertEquals(await names(`${cache}/thing-1.0`), ["thing"]);
  });
});

Deno.test("cached() leaves nothing of what failed, and tries again", async () => {
  await withCache(async (cache) => {
    const half = async (path: string) => {
      await Deno.writeTextFile(path, "half");
      throw new Error("disk full");
    };
    await assertRejects(() => cached("thing-1.0/thing", half, cache), Error, "disk full");
    assertEquals(await names(`${cache}/thing-1.0`), []);
    await cached("thing-1.0/thing", (path) => Deno.writeTextFile(path, "whole"), cache);
  });
});
