/**
 * Which files of a tree are removed, and which are not.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "./errors.ts";
import { parseMounts } from "./mounts.ts";
import { assertOwnTree, removeOwnTree } from "./own_tree.ts";

async function withTree(test: (root: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${dir}/tree/a/b`, { recursive: true });
    await Deno.writeTextFile(`${dir}/tree/a/b/file`, "1");
    await test(`${dir}/tree`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const own = { uid: Deno.uid() ?? -1, mounts: [] };

Deno.test("removeOwnTree() removes a tree and not what links in it lead to", async () => {
  await withTree(async (root) => {
    await Deno.writeTextFile(`${root}-precious`, "1");
    await Deno.symlink(`${root}-precious`, `${root}/a/link`);
    await removeOwnTree(root, own);
    await removeOwnTree(root, own);
    await assertRejects(() => Deno.stat(root), Deno.errors.NotFound);
    assertEquals(await Deno.readTextFile(`${root}-precious`), "1");
  });
});

Deno.test("assertOwnTree() refuses a mount, another user's file, a way through a link", async () => {
  await withTree(async (root) => {
    await assertOwnTree(root, own);
    const line = (point: string) => parseMounts(`1 2 8:1 / ${point} rw - ext4 /dev/sda1 rw`);
    for (const point of [root, `${root}/a/b`]) {
      const mounts = line(point);
      await assertRejects(
        () => removeOwnTree(root, { ...own, mounts }),
        HareError,
        `${point} is a mount point`,
      );
    }
    await assertOwnTree(root, { ...own, mounts: line(`${root}-beside`) });
    await assertRejects(
      () => removeOwnTree(root, { ...own, uid: own.uid + 1 }),
      HareError,
      "belongs to user",
    );
    await Deno.symlink(`${root}/a`, `${root}-link`);
    await assertRejects(() => removeOwnTree(`${root}-link/b`, own), HareError, "is a link to");
    assertEquals(await Deno.readTextFile(`${root}/a/b/file`), "1");
  });
});
