/**
 * Which users may control the file that runs.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { trustedFile, UntrustedFile } from "./trusted_file.ts";

const NOBODY = 65534;

/** Runs a test with `DIR/a/b/file`; only its owner may write it. */
async function withFile(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${directory}/a/b`, { recursive: true });
    await Deno.writeTextFile(`${directory}/a/b/file`, "");
    for (const path of ["", "/a", "/a/b", "/a/b/file"]) await Deno.chmod(directory + path, 0o755);
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function assertTrusted(path: string, real: string): Promise<void> {
  assertEquals((await trustedFile(path))?.path, real);
}

async function assertUntrusted(path: string, says: string): Promise<void> {
  await assertRejects(() => trustedFile(path), UntrustedFile, says);
}

Deno.test("trustedFile() gives the path without links, and null where nothing is", () =>
  withFile(async (directory) => {
    const real = `${directory}/a/b/file`;
    await Deno.symlink("a/../a/./b", `${directory}/relative`);
    await Deno.symlink(`${directory}/relative/file`, `${directory}/absolute`);
    for (const path of ["/a/b/file", "/a//b/../b/file", "/relative/file", "/absolute"]) {
      await assertTrusted(directory + path, real);
    }
    for (const path of ["/none", "/none/file", "/a/b/none"]) {
      assertEquals(await trustedFile(directory + path), null);
    }
  }));

Deno.test("trustedFile() refuses what is no file", () =>
  withFile(async (directory) => {
    await assertUntrusted(`${directory}/a/b`, "a/b is a directory");
    await assertUntrusted(`${directory}/a/b/file/more`, "a/b/file is no directory");
    await assertUntrusted("/dev/null", "/dev/null is no ordinary file");
    await assertUntrusted(`${directory}/${"x".repeat(300)}`, `cannot look into ${directory}: `);
  }));

for (const mode of [0o775, 0o757, 0o777, 0o1777]) {
  Deno.test(`trustedFile() refuses a file in a directory of mode ${mode.toString(8)}`, () =>
    withFile(async (directory) => {
      await Deno.chmod(`${directory}/a/b`, mode);
      await assertUntrusted(`${directory}/a/b/file`, "a/b may be written by others");
    }));
}

Deno.test("trustedFile() looks at the file, at every directory above it, and at those of links", () =>
  withFile(async (directory) => {
    await Deno.mkdir(`${directory}/open`);
    await Deno.symlink("../a/b/file", `${directory}/open/link`);
    await assertTrusted(`${directory}/open/link`, `${directory}/a/b/file`);
    for (const path of ["/open", "/a/b/file", "/a/b", "/a"]) {
      await Deno.chmod(directory + path, 0o777);
      await assertUntrusted(`${directory}/open/link`, "may be written by others");
      await Deno.chmod(directory + path, 0o755);
    }
    // No user can replace this directory.
    await Deno.chmod(`${directory}/a`, 0o1777);
    await assertTrusted(`${directory}/open/link`, `${directory}/a/b/file`);
    // But any user could create a link there.
    await Deno.chmod(`${directory}/open`, 0o1777);
    await assertUntrusted(`${directory}/open/link`, "open may be written by others");
  }));

Deno.test({
  name: "trustedFile() refuses what belongs to somebody else",
  ignore: Deno.uid() !== 0,
  fn: () =>
    withFile(async (directory) => {
      for (const path of ["/a/b/file", "/a/b", "/a"]) {
        await Deno.chown(directory + path, NOBODY, null);
        await assertUntrusted(`${directory}/a/b/file`, `belongs to user ${NOBODY}`);
        await Deno.chown(directory + path, 0, null);
      }
      await assertTrusted(`${directory}/a/b/file`, `${directory}/a/b/file`);
    }),
});
