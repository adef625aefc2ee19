import { assert, assertEquals, assertMatch, assertThrows } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { makeFid } from "../lib/fid.ts";
import { ProcFiles } from "../lib/proc_file.ts";
import { runHere } from "../lib/process.ts";
import { waitFor } from "../lib/wait_for.ts";
import type { BootRecord } from "./transition.ts";
import { mustSeeProcesses, presenceOf, readBootId, startIn, startOfIn } from "./presence.ts";

Deno.test("startOfIn() tells when a process was started, while it runs", async () => {
  using proc = new ProcFiles();
  const startOf = startOfIn(proc);
  await using child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const start = startOf(child.pid);
  assert(start !== null && start >= (startOf(Deno.pid) ?? Infinity), `${start}`);
  assertEquals(startOf(child.pid), start);
  child.kill("SIGKILL");
  await child.status;
  assertEquals(startOf(child.pid), null);
});

Deno.test("startIn() reads past a name that holds anything", () => {
  const stat = (name: string, state: string) =>
    `7 (${name}) ${state} 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9`;
  for (const name of ["m0d", "a b", ") Z 1", "((", "\n"]) {
    assertEquals(startIn(stat(name, "S")), 4711, name);
  }
  assertEquals(startIn(stat("m0d", "Z")), null);
  assertEquals(startIn(""), null);
});

Deno.test("mustSeeProcesses() refuses where pid 1 is not seen, as with hidepid", () => {
  using proc = new ProcFiles();
  mustSeeProcesses(startOfIn(proc));
  assertThrows(() => mustSeeProcesses(() => null), HareError, "cannot see the processes");
});

/** What the kernel says in this file of a process. */
async function procFile(pid: number, name: string): Promise<string> {
  return (await runHere(["cat", `/proc/${pid}/${name}`])).stdout;
}

Deno.test("startOfIn() takes a process that ended, with a parent that does not look, for gone", async () => {
  using proc = new ProcFiles();
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
  assertEquals(startOfIn(proc)(pid), null);
  parent.kill("SIGKILL");
});

const NINE = makeFid("process", 9);
const RECORD: BootRecord = {
  ...({ state: "STARTED", type: "M0D", pid: 7, generation: 1 } as const),
  ...{ boot: "b", start: 70 },
};
/** Process 7 runs, as one of the unit. */
const DEPS = {
  boot: "b",
  startOf: (pid: number) => pid === 7 ? 70 : null,
  isOfUnit: () => true,
};

Deno.test("presenceOf() knows a process by pid, start time and boot", () => {
  const presence = (changes: Partial<BootRecord>) =>
    presenceOf(NINE, { ...RECORD, ...changes }, DEPS);
  assertEquals(presence({}), "there");
  assertEquals(presence({ pid: 8 }), "gone");
  assertEquals(presence({ start: 69 }), "gone", "another process has its pid");
  assertEquals(presence({ pid: null }), "there");
  assertEquals(presence({ boot: "a" }), "before this boot");
  assertEquals(presence({ boot: null }), "there");
  assertEquals(presenceOf(NINE, RECORD, { ...DEPS, boot: null }), "there");
});

Deno.test("presenceOf() asks the unit where the record has no start time", () => {
  const record = { ...RECORD, start: null };
  const presence = (isOfUnit: boolean | null) =>
    presenceOf(NINE, record, { ...DEPS, isOfUnit: () => isOfUnit });
  assertEquals([true, null, false].map(presence), ["there", "there", "gone"]);
});

Deno.test("readBootId() is the same each time", async () => {
  const { signal } = new AbortController();
  const id = await readBootId(runHere, signal);
  assertMatch(id ?? "", /^[\da-f-]{36}$/);
  assertEquals(await readBootId(runHere, signal), id);
});
