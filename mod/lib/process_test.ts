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

/** Runs a test in a directory of its own, where it can ask which files there are. */
async function inDirectory(
  test: (directory: string, has: (name: string) => Promise<boolean>) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(
      directory,
      (name) => Deno.stat(`${directory}/${name}`).then(() => true, () => false),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const untilThere = (has: (name: string) => Promise<boolean>, name: string) =>
  waitFor(name, async () => ({ ready: await has(name), value: name, why: "not yet" }), {
    limitMs: 10_000,
    intervalMs: 5,
  });

/** Whether a process exists and is not a zombie. */
async function lives(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

async function pidIn(file: string): Promise<number> {
  return Number(await Deno.readTextFile(file));
}

for (const [what, trap] of [["", ""], [", also of those that ignore SIGTERM", "trap '' TERM;"]]) {
  Deno.test(`runHere() ends a program and all that it has started${what}`, () =>
    inDirectory(async (directory, has) => {
      // Like a site's rule: the shell waits for a pipe, and a child process would act later.
      const script = `cd "$1"; ${trap} (echo $BASHPID > pid; sleep 60 & wait; touch effect) | cat`;
      const stop = new AbortController();
      const reason = new Error("the limit");
      const running = runHere(["bash", "-c", script, "bash", directory], { signal: stop.signal });
      await untilThere(has, "pid");
      stop.abort(reason);
      assertEquals(await assertRejects(() => running), reason);
      assertEquals([await lives(await pidIn(`${directory}/pid`)), await has("effect")], [
        false,
        false,
      ]);
    }));
}

Deno.test("runHere() leaves nothing of a program's group when that has ended", () =>
  inDirectory(async (directory) => {
    const script = 'sleep 60 & echo $! > "$1/pid"; echo done';
    const { stdout } = await runHere(["sh", "-c", script, "sh", directory]);
    assertEquals(stdout, "done\n");
    assertEquals(await lives(await pidIn(`${directory}/pid`)), false);
  }));

Deno.test("runHere() leaves a daemon be, and does not wait for its output", () =>
  inDirectory(async (directory) => {
    const script = 'sleep 60 & echo $! > "$1/pid"; echo done';
    const options = { leavesDaemon: true };
    const { stdout } = await runHere(["sh", "-c", script, "sh", directory], options);
    assertEquals(stdout, "done\n");
    const pid = await pidIn(`${directory}/pid`);
    assertEquals(await lives(pid), true);
    Deno.kill(pid, "SIGKILL");
  }));

Deno.test("runHere() lets go of a program that is killed, whatever has left its group", () =>
  inDirectory(async (directory, has) => {
    const stop = new AbortController();
    const reason = new Error("Ctrl-C");
    const left = "touch started; cat <&3; touch left";
    const script = `cd "$1"; exec 3<&0; setsid sh -c '${left}' & wait`;
    const running = runHere(["sh", "-c", script, "sh", directory], {
      stdin: new ReadableStream(),
      signal: stop.signal,
    });
    await untilThere(has, "started");
    stop.abort(reason);
    assertEquals(await assertRejects(() => running), reason);
    await untilThere(has, "left");
  }));

Deno.test("runHere() keeps the first and the last of a long output, and counts the rest", async () => {
  const script = 'printf first; head -c 5000000 /dev/zero | tr "\\0" x; printf last; echo err >&2';
  const { stdout, stderr } = await runHere(["sh", "-c", script], { maxOutput: 20 });
  assertEquals(stdout, "firstxxxxx\n… 4999989 bytes are left out …\nxxxxxxlast");
  assertEquals(stderr, "err\n");
});

Deno.test("runHere() keeps all of an output up to the limit", async () => {
  for (const length of [0, 1, 19, 20]) {
    const text = "0123456789abcdefghij".slice(0, length);
    assertEquals((await runHere(["printf", "%s", text], { maxOutput: 20 })).stdout, text);
  }
});

Deno.test("runHere() gives a program of the site no secret of this process", async () => {
  Deno.env.set("CONSUL_HTTP_TOKEN", "secret");
  Deno.env.set("HARE_TEST_SECRET", "secret");
  try {
    const options = { site: true, env: { HARE_EVENT_TYPE: "tmo" } };
    const names = (await runHere(["env"], options)).stdout.split("\n").map((line) =>
      line.replace(/=.*/, "")
    );
    assertEquals(names.includes("PATH") && names.includes("HARE_EVENT_TYPE"), true);
    const allowed = /^(PATH|HOME|LANG|LC_[A-Z]+|TZ|CONSUL_HTTP_ADDR|HARE_EVENT_TYPE|)$/;
    assertEquals(names.filter((name) => !allowed.test(name)), []);
  } finally {
    Deno.env.delete("CONSUL_HTTP_TOKEN");
    Deno.env.delete("HARE_TEST_SECRET");
  }
});

Deno.test("runHere() gives 128 + n when a signal ended the program", async () => {
  assertEquals((await runHere(["sh", "-c", "kill -9 $$"])).code, 128 + 9);
});
