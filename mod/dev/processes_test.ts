/**
 * Finding what belongs to a development cluster, and nothing else.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { runHere } from "../lib/process.ts";
import { findProcesses, formatMark, MARK, parseMarks, sendSignal } from "./processes.ts";

Deno.test("parseMarks() reads marks and passes over what is none", () => {
  const mark = { dir: "/d\n=:", host: "a", unit: "u", role: "main" } as const;
  const lines = [
    `/proc/12/environ:${MARK}=${formatMark(mark)}`,
    `/proc/13/environ:${MARK}=yes`,
    `/proc/14/environ:${MARK}={"dir":"/d"}`,
    "",
  ];
  assertEquals(parseMarks(lines.join("\0")), [{ pid: 12, ...mark }]);
});

Deno.test("findProcesses() finds a process by its environment, and only of that directory", async () => {
  const start = (dir: string) =>
    new Deno.Command("sleep", {
      args: ["60"],
      env: { [MARK]: formatMark({ dir, host: "a", unit: "u", role: "main" }) },
    }).spawn();
  const [ours, other] = [start("/dir/one"), start("/dir/one/more")];
  try {
    const found = await findProcesses("/dir/one", runHere);
    assertEquals(found.map(({ pid }) => pid), [ours.pid]);
    sendSignal(ours.pid, "SIGKILL");
    await ours.status;
    assertEquals(await findProcesses("/dir/one", runHere), []);
    sendSignal(ours.pid, "SIGKILL");
  } finally {
    other.kill("SIGKILL");
    await other.status;
  }
});
