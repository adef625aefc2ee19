import { assertEquals, assertMatch } from "../../tests/lib/assert.ts";
import { runHere } from "../lib/process.ts";
import { waitFor } from "../lib/wait_for.ts";
import { pidExists, presenceOf, readBootId } from "./presence.ts";

const record = { state: "STARTED", type: "M0D", pid: 7, generation: 1, boot: "b" } as const;

Deno.test("pidExists() tells a process that runs from one that has ended", async () => {
  await using child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  assertEquals(pidExists(child.pid), true);
  child.kill("SIGKILL");
  await child.status;
  assertEquals(pidExists(child.pid), false);
});

/** What the kernel says in this file of a process. */
async function procFile(pid: number, name: string): Promise<string> {
  return (await runHere(["cat", `/proc/${pid}/${name}`])).stdout;
}

Deno.test("pidExists() takes a process that ended, with a parent that does not look, for gone", async () => {
  await using parent = new Deno.Command("sh", {
    args: ["-c", "sleep 60 & echo $!; exec sleep 60"],
    stdout: "piped",
  }).spawn();
  const { value } = await parent.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const pid = Number(value);
  const until = (what: string, file: () => Promise<string>, text: string) =>
    waitFor(what, async () => {
      const why = await file();
      return why.includes(text) ? { ready: true, value: undefined } : { ready: false, why };
    }, { limitMs: 10_000, intervalMs: 10 });
  await until("a parent that never waits", () => procFile(parent.pid, "comm"), "sleep");
  Deno.kill(pid, "SIGKILL");
  await until("the child to be a zombie", () => procFile(pid, "stat"), ") Z ");
  assertEquals(pidExists(pid), false);
  parent.kill("SIGKILL");
});

Deno.test("presenceOf() knows a record of an earlier boot, whatever has its pid now", () => {
  const deps = { boot: "b", pidExists: (pid: number) => pid === 7 };
  assertEquals(presenceOf(record, deps), "there");
  assertEquals(presenceOf({ ...record, pid: 8 }, deps), "gone");
  assertEquals(presenceOf({ ...record, pid: null }, deps), "there");
  assertEquals(presenceOf({ ...record, boot: "a" }, deps), "before this boot");
  assertEquals(presenceOf({ ...record, boot: null }, deps), "there");
  assertEquals(presenceOf(record, { ...deps, boot: null }), "there");
});

Deno.test("readBootId() is the same each time", async () => {
  const { signal } = new AbortController();
  const id = await readBootId(runHere, signal);
  assertMatch(id ?? "", /^[\da-f-]{36}$/);
  assertEquals(await readBootId(runHere, signal), id);
});
