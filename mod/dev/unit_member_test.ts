import { assertEquals } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import { ProcFiles } from "../lib/proc_file.ts";
import { waitFor } from "../lib/wait_for.ts";
import { formatMark, MARK } from "./processes.ts";
import { isOfDevUnit } from "./unit_member.ts";

const NINE = makeFid("process", 9);
const HOST = { dir: "/somewhere", id: "0123", host: "node1" };
const HAX = formatMark({ ...HOST, unit: "hare-hax", role: "main" });
const SERVER = {
  ...HOST,
  unit: "m0d@0x7200000000000001:0x9",
  role: "main",
} as const;

/** Whether a program with this environment belongs to process 9 of the host. */
async function isOfNine(env: Readonly<Record<string, string>>): Promise<boolean | null> {
  using proc = new ProcFiles();
  await using child = new Deno.Command("sleep", { args: ["60"], env, clearEnv: true }).spawn();
  await waitFor("the program to run", () => {
    const ready = proc.read(child.pid, "stat")?.includes("(sleep)") === true;
    return Promise.resolve({ ready, value: undefined, why: "it is still being started" });
  }, { limitMs: 10_000, intervalMs: 5 });
  const answer = isOfDevUnit(proc, HAX)(child.pid, NINE);
  child.kill("SIGKILL");
  return answer;
}

Deno.test("isOfDevUnit() knows the programs of a process's units by their mark", async () => {
  const marked = (changes: Partial<Parameters<typeof formatMark>[0]>) =>
    isOfNine({ A: "b", [MARK]: formatMark({ ...SERVER, ...changes }), Z: "" });
  assertEquals(await marked({}), true);
  assertEquals(await marked({ unit: "mero-mkfs@0x7200000000000001:0x9" }), true);
  for (
    const changes of [
      { unit: "m0d@0x7200000000000001:0x90" },
      { unit: "hare-hax" },
      { host: "node2" },
      { id: "4567" },
      { dir: "/elsewhere" },
      { role: "keeper" },
    ] as const
  ) assertEquals(await marked(changes), false, JSON.stringify(changes));
  assertEquals(await isOfNine({}), false);
  assertEquals(await isOfNine({ [MARK]: "rubbish" }), false);
});

Deno.test("isOfDevUnit() cannot tell of a process that has ended", () => {
  using proc = new ProcFiles();
  assertEquals(isOfDevUnit(proc, HAX)(2 ** 22 + 1, NINE), null);
});
