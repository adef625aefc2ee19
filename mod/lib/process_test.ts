/**
 * Running programs.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError, TimeLimitError } from "./errors.ts";
import { runHere } from "./process.ts";
import { waitFor } from "./wait_for.ts";

Deno.test("runHere() returns status and output, whatever the status", async () => {
  const output = await runHere(["sh", "-c", "echo out; echo err >&2; exit 3"]);
  assertEquals(output, { code: 3, stdout: "out\n", stderr: "err\n" });
});

Deno.test("runHere() passes arguments and variables as they are", async () => {
  const odd = `a b'"$HOME;\n`;
  const script = 'printf "%s%s" "$1" "$X"';
  const { stdout } = await runHere(["sh", "-c", script, "sh", odd], { env: { X: odd } });
  assertEquals(stdout, odd + odd);
});

Deno.test("runHere() keeps a program apart from the terminal's Ctrl-C", async () => {
  const { stdout } = await runHere(["sh", "-c", "ps -o pgid= -p $$; echo $$"]);
  const [group, pid] = stdout.trim().split(/\s+/);
  assertEquals(group, pid);
});

Deno.test("runHere() closes standard input", async () => {
  assertEquals((await runHere(["cat"])).stdout, "");
});

Deno.test("runHere() hands on standard input, whether it is read or not", async () => {
  const stdin = "ü\n".repeat(1 << 19);
  assertEquals((await runHere(["cat"], { stdin })).stdout, stdin);
  assertEquals((await runHere(["true"], { stdin })).code, 0);
});

Deno.test("runHere() hands on bytes as they come", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const stdin = ReadableStream.from([bytes, bytes]);
  const { stdout } = await runHere(["sh", "-c", "od -An -v -tu1"], { stdin });
  assertEquals(stdout.trim().split(/\s+/).map(Number), [...bytes, ...bytes]);
});

Deno.test("runHere() cancels a stream that goes on when the program ends", async () => {
  let cancelled = false;
  const stdin = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  assertEquals((await runHere(["echo", "done"], { stdin })).stdout, "done\n");
  assertEquals(cancelled, true);
});

Deno.test("runHere() kills a program whose input cannot be read, and throws why", async () => {
  const why = new Error("disk error");
  const stdin = new ReadableStream<Uint8Array>({ start: (stream) => stream.error(why) });
  assertEquals(await assertRejects(() => runHere(["sleep", "60"], { stdin })), why);
});

Deno.test("runHere() says how to help where there is no such program", async () => {
  const error = await assertRejects(() => runHere(["no-such-program"]), HareError);
  assertEquals(error.hint, "install no-such-program or put it on PATH");
});

Deno.test("runHere() kills a program at its time limit", async () => {
  await assertRejects(() => runHere(["sleep", "60"], { limitMs: 20 }), TimeLimitError, "0.02 s");
});

Deno.test("runHere() kills a program when it is cancelled, and throws the reason", async () => {
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  const running = runHere(["sleep", "60"], { signal: stop.signal });
  stop.abort(reason);
  assertEquals(await assertRejects(() => running), reason);
});

Deno.test("runHere() lets go of a program that is killed, whatever its children hold", async () => {
  const directory = await Deno.makeTempDir();
  const has = (name: string) => Deno.stat(`${directory}/${name}`).then(() => true, () => false);
  const isThere = async (name: string) => ({ ready: await has(name), value: name, why: "not yet" });
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  const script = 'cd "$1"; exec 3<&0; (cat <&3; touch left) & touch started; wait';
  const running = runHere(["sh", "-c", script, "sh", directory], {
    stdin: new ReadableStream(),
    signal: stop.signal,
  });
  await waitFor("a child", () => isThere("started"), { limitMs: 10_000, intervalMs: 5 });
  stop.abort(reason);
  assertEquals(await assertRejects(() => running), reason);
  await waitFor("its end", () => isThere("left"), { limitMs: 10_000, intervalMs: 5 });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("runHere() gives 128 + n when a signal ended the program", async () => {
  assertEquals((await runHere(["sh", "-c", "kill -9 $$"])).code, 128 + 9);
});
