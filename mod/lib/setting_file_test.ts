import { assert, assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { readSettingFile, readSettingFileSync } from "./setting_file.ts";

Deno.test("a setting's file is read; a FIFO, a device, a directory and a large file are refused at once", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/token`, "abc\n");
    await Deno.symlink(`${dir}/token`, `${dir}/link`);
    const made = await new Deno.Command("mkfifo", { args: [`${dir}/fifo`] }).output();
    assert(made.success);
    await Deno.writeTextFile(`${dir}/large`, "");
    await Deno.truncate(`${dir}/large`, 2 ** 40);
    for (const name of ["token", "link"]) {
      assertEquals(readSettingFileSync(`${dir}/${name}`), "abc\n");
      assertEquals(await readSettingFile(`${dir}/${name}`), "abc\n");
    }
    const refused: readonly [string, string][] = [
      [`${dir}/fifo`, "no ordinary file"],
      [dir, "no ordinary file"],
      ["/dev/zero", "no ordinary file"],
      [`${dir}/large`, "more than"],
      [`${dir}/absent`, "No such file"],
    ];
    for (const [path, reason] of refused) {
      assertThrows(() => readSettingFileSync(path), Error, reason);
      await assertRejects(() => readSettingFile(path), Error, reason);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
