import { assertEquals, assertRejects } from "../tests/lib/assert.ts";
import { HareError } from "../mod/lib/errors.ts";
import { follow, outputOf, passThrough } from "./exec.ts";

Deno.test("outputOf() returns standard output, and fails with standard error", async () => {
  assertEquals(await outputOf(["echo", "a b"]), "a b\n");
  const error = await assertRejects(
    () => outputOf(["sh", "-c", "echo out; echo wrong >&2; exit 3"]),
    HareError,
  );
  assertEquals(error.message.endsWith("ended with status 3:\nwrong"), true, error.message);
});

Deno.test("follow() hands over each line of standard error as it comes", async () => {
  const lines: string[] = [];
  const script = "echo result; printf 'one\\ntw' >&2; printf 'o\\nthree' >&2";
  assertEquals(await follow(["sh", "-c", script], (line) => lines.push(line)), "result\n");
  assertEquals(lines, ["one", "two"]);
});

Deno.test("follow() fails with the last lines", async () => {
  const error = await assertRejects(
    () => follow(["sh", "-c", "seq 100 >&2; printf end >&2; exit 1"], () => {}),
    HareError,
  );
  const [, tail = ""] = error.message.split("status 1:\n");
  assertEquals(tail.split("\n").at(0), "81");
  assertEquals(tail.split("\n").slice(-2), ["100", "end"]);
});

Deno.test("follow() hints at a program that is not there", async () => {
  const error = await assertRejects(() => follow(["no-such-program"], () => {}), HareError);
  assertEquals(error.hint, "install no-such-program");
});

Deno.test("passThrough() kills what takes too long", async () => {
  assertEquals(await passThrough(["sleep", "60"], { limitMs: 100 }), 128 + 15);
});
