import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { readInput } from "./input.ts";

const absent = () => Promise.reject(new Error("this test has no standard input"));
const read = (path: string, signal = new AbortController().signal) =>
  readInput(path, "the description", { readStdin: absent, signal });

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("readInput() reads a file whole, with the mark of its encoding", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a`;
    const text = `\ufeff${"größer\n".repeat(50_000)}`;
    await Deno.writeTextFile(path, text);
    assertEquals(await read(path), { name: path, text });
  }));

Deno.test("readInput() reads a FIFO once somebody writes to it, and hears a signal before", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/fifo`;
    await runHere(["mkfifo", path]);
    const stop = new AbortController();
    const cancelled = read(path, stop.signal);
    stop.abort(new HareError("interrupted"));
    await assertRejects(() => cancelled, HareError, "interrupted");
    const reading = read(path);
    await runHere(["sh", "-c", 'echo hosts: >"$1"', "sh", path]);
    assertEquals((await reading).text, "hosts:\n");
  }));

for (
  const [path, message] of [
    ["/nonexistent", "cannot read /nonexistent: no such file or directory"],
    ["/", "cannot read /: it is a directory"],
    ["/bin/sh", "/bin/sh is not text in UTF-8"],
    ["/dev/zero", "/dev/zero is larger than 64 MiB"],
    ["/dev/nonexistent", "cannot read /dev/nonexistent: no such file or directory"],
  ] as const
) {
  Deno.test(`readInput() refuses ${path}`, async () => {
    await assertRejects(() => read(path), HareError, message);
  });
}
