/**
 * Finding what belongs to a development cluster, and nothing else.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { runHere } from "../lib/process.ts";
import { findProcesses, formatMark, MARK, parseMarks, sendSignal } from "./processes.ts";

Deno.test("parseMarks() reads marks and passes over what is none", () => {
  const mark = { dir: "/d\n=:", id: "1", host: "a", unit: "u", role: "main" } as const;
  const lines = [
    `/proc/12/environ:${MARK}=${formatMark(mark)}`,
    `/proc/13/environ:${MARK}=yes`,
    `/proc/14/environ:${MARK}={"dir":"/d"}`,
    "",
  ];
  assertEquals(parseMarks(lines.join("\0")), [{ pid: 12, ...mark }]);
});

Deno.test("findProcesses() finds a process by its environment, and only of that cluster", async () => {
  const start = (dir: string, id = "1") =>
    new Deno.Command("sleep", {
      args: ["60"],
      env: { [MARK]: formatMark({ dir, id, host: "a", unit: "u", role: "main" }) },
    }).spawn();
  const ours = start("/dir/one");
  const others = [start("/dir/one/more"), start("/dir/one", "2")];
  const cluster = { dir: "/dir/one", id: "1" };
  try {
    const found = await findProcesses(cluster, runHere);
    assertEquals(found.map(({ pid }) => pid), [ours.pid]);
    sendSignal(ours.pid, "SIGKILL");
    await ours.status;
    assertEquals(await findProcesses(cluster, runHere), []);
    sendSignal(ours.pid, "SIGKILL");
  } finally {
    for (const other of others) other.kill("SIGKILL");
    await Promise.all(others.map(({ status }) => status));
  }
});
