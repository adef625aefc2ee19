import { assertEquals } from "../../tests/lib/assert.ts";
import { HareError } from "./errors.ts";
import { fileError, isDisconnect, reasonOf } from "./io_error.ts";

async function refusal(of: () => Promise<unknown>): Promise<unknown> {
  try {
    await of();
  } catch (error) {
    return error;
  }
  throw new Error("it was done");
}

for (
  const [expected, attempt] of [
    ["no such file or directory", () => Deno.open("/nonexistent/a")],
    ["it is a directory", () => Deno.readTextFile("/etc")],
    ["not a directory", () => Deno.writeTextFile("/etc/passwd/a", "")],
    ["it exists already", () => Deno.mkdir("/etc")],
    ["file name too long", () => Deno.stat(`/tmp/${"a".repeat(300)}`)],
    ["no space left on device", () => Deno.writeTextFile("/dev/full", "a")],
    ["too many levels of symbolic links", async () => {
      const directory = await Deno.makeTempDir();
      try {
        await Deno.symlink("a", `${directory}/a`);
        await Deno.readTextFile(`${directory}/a`);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    }],
  ] as const
) {
  Deno.test(`fileError() says ${expected}, and not what Deno says besides`, async () => {
    const error = await refusal(attempt);
    assertEquals(reasonOf(error), expected);
    assertEquals(fileError("write", "/x", error).message, `cannot write /x: ${expected}`);
  });
}

Deno.test("reasonOf() knows no number of an error, and no call", () => {
  const message = "Odd thing (os error 133): open '/x'";
  assertEquals(reasonOf(new Error(message)), "odd thing");
});

Deno.test("fileError() keeps an error that says everything", () => {
  const error = new HareError("cannot read /y: it is too large");
  assertEquals(fileError("read", "/x", error), error);
});

Deno.test("isDisconnect() knows the end of a connection from other failures", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const connecting = Deno.connect({ hostname: "127.0.0.1", port });
  const [taken, connection] = await Promise.all([listener.accept(), connecting]);
  connection.close();
  listener.close();
  const write = async () => {
    while (true) await taken.write(new Uint8Array(65536));
  };
  try {
    assertEquals(isDisconnect(await refusal(write)), true);
  } finally {
    taken.close();
  }
  assertEquals(isDisconnect(await refusal(() => Deno.stat("/x/y"))), false);
});
