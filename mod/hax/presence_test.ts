import { assertEquals, assertMatch } from "../../tests/lib/assert.ts";
import { runHere } from "../lib/process.ts";
import { waitFor } from "../lib/wait_for.ts";
import { pidExists, presenceOf, readBootId } from "./presence.ts";

const record = { state: "STARTED", type: "M0D", pid: 7, generation: 1, boot: "b" } as const;

Deno.test("pidExists() tells a process that runs from one that has ended", async () => {
  await using child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  assertEquals(await pidExists(child.pid), true);
  child.kill("SIGKILL");
  await child.status;
  assertEquals(await pidExists(child.pid), false);
});

Deno.test("pidExists() takes a process that ended, with a parent that does not look, for gone", async () => {
  // The shell's child ends; the shell, which has become `sleep`, never waits for it.
  await using parent = new Deno.Command("sh", {
    args: ["-c", "true & echo $!; exec sleep 60"],
    stdout: "piped",
  }).spawn();
  const { value } = await parent.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const pid = Number(value);
  await waitFor("the child to be a zombie", async () => {
    const { stdout } = await runHere(["cat", `/proc/${pid}/stat`]);
    return stdout.includes(") Z ")
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${stdout}` };
  }, { limitMs: 10_000 });
  assertEquals(await pidExists(pid), false);
  parent.kill("SIGKILL");
});

Deno.test("presenceOf() knows a record of an earlier boot, whatever has its pid now", async () => {
  const deps = { boot: "b", pidExists: (pid: number) => Promise.resolve(pid === 7) };
  assertEquals(await presenceOf(record, deps), "there");
  assertEquals(await presenceOf({ ...record, pid: 8 }, deps), "gone");
  assertEquals(await presenceOf({ ...record, pid: null }, deps), "there");
  assertEquals(await presenceOf({ ...record, boot: "a" }, deps), "before this boot");
  assertEquals(await presenceOf({ ...record, boot: null }, deps), "there");
  assertEquals(await presenceOf(record, { ...deps, boot: null }), "there");
});

Deno.test("readBootId() is the same each time", async () => {
  const { signal } = new AbortController();
  const id = await readBootId(runHere, signal);
  assertMatch(id ?? "", /^[\da-f-]{36}$/);
  assertEquals(await readBootId(runHere, signal), id);
});
