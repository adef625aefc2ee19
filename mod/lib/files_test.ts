import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "./errors.ts";
import {
  isNothingThere,
  makeDirectory,
  readTextFileIfAny,
  writeFileAtomic,
  writeFilesAtomic,
} from "./files.ts";
import { join } from "./std/path.ts";

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

Deno.test("writeFileAtomic() replaces a file, with the mode asked for, and leaves nothing else", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a");
    await writeFileAtomic(path, "old");
    await writeFileAtomic(path, "new", { mode: 0o600 });
    assertEquals(await Deno.readTextFile(path), "new");
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals(namesIn(directory), ["a"]);
  }));

Deno.test("writeFileAtomic() gives the file to its owner where it may, and writes it in any case", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a");
    const owner = { uid: 12345, gid: 54321 };
    await writeFileAtomic(path, "text", { owner });
    const { uid, gid } = await Deno.stat(path);
    assertEquals([uid, gid], Deno.uid() === 0 ? [12345, 54321] : [Deno.uid(), Deno.gid()]);
    assertEquals(await Deno.readTextFile(path), "text");
  }));

Deno.test("writeFileAtomic() leaves the old file when the new one cannot take its place", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a");
    await Deno.mkdir(path);
    await assertRejects(() => writeFileAtomic(path, "new"));
    assertEquals(namesIn(directory), ["a"]);
  }));

Deno.test("writeFilesAtomic() writes all files, over old ones too, and leaves nothing else", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(join(directory, "a"), "old");
    await writeFilesAtomic(directory, { a: "1", b: "2" });
    assertEquals(namesIn(directory), ["a", "b"]);
    assertEquals(await Deno.readTextFile(join(directory, "a")), "1");
    assertEquals(await Deno.readTextFile(join(directory, "b")), "2");
  }));

Deno.test("writeFilesAtomic() puts everything back when one file cannot be written", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(join(directory, "a"), "old");
    await Deno.mkdir(join(directory, "c"));
    await assertRejects(() => writeFilesAtomic(directory, { a: "1", b: "2", c: "3" }));
    assertEquals(namesIn(directory), ["a", "c"]);
    assertEquals(await Deno.readTextFile(join(directory, "a")), "old");
  }));

Deno.test("writeFilesAtomic() writes nothing where the directory is missing", () =>
  inDirectory(async (directory) => {
    const missing = join(directory, "missing");
    const message = `cannot write ${missing}/a: no such file or directory`;
    await assertRejects(() => writeFilesAtomic(missing, { a: "1" }), HareError, message);
    assertEquals(namesIn(directory), []);
  }));

Deno.test("readTextFileIfAny() gives null where there is no file, and passes other errors on", () =>
  inDirectory(async (directory) => {
    assert(await readTextFileIfAny(join(directory, "missing")) === null);
    await assertRejects(() => readTextFileIfAny(directory));
  }));

Deno.test("makeDirectory() gives a new directory its mode whatever the umask is, and leaves others", async () => {
  const directory = await Deno.makeTempDir();
  const umask = Deno.umask(0o077);
  try {
    await makeDirectory(`${directory}/new`, 0o755);
    await makeDirectory(directory, 0o777);
  } finally {
    Deno.umask(umask);
  }
  const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  assertEquals([await modeOf(`${directory}/new`), await modeOf(directory)], [0o755, 0o700]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("isNothingThere() tells a missing file, and one below a file, from a refusal", () =>
  inDirectory(async (directory) => {
    const file = join(directory, "file");
    await Deno.writeTextFile(file, "");
    const isMissing = (path: string) => Deno.stat(path).then(() => false, isNothingThere);
    assertEquals(await isMissing(join(directory, "none")), true);
    assertEquals(await isMissing(join(file, "below")), true);
    assertEquals(await Deno.mkdir(file).then(() => true, isNothingThere), false);
  }));
