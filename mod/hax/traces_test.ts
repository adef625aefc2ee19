import { assertEquals } from "../../tests/lib/assert.ts";
import { pruneTraces } from "./traces.ts";

Deno.test("pruneTraces() keeps the newest two, and everything that is no trace", async () => {
  const directory = await Deno.makeTempDir();
  const path = (name: string) => `${directory}/${name}`;
  const others = [
    "m0trace.1\nm0trace.2",
    "m0trace.x",
    "m0trace.1.gz",
    "-rf",
    "m0trace.3 other",
    "a m0trace.1",
  ];
  for (const name of others) await Deno.writeTextFile(path(name), "");
  const traces = ["m0trace.10", "m0trace.11.2026-01-01-20:36:02", "m0trace.12", "m0trace.13"];
  for (const [i, day] of [3, 1, 4, 2].entries()) {
    const trace = path(traces[i] ?? "");
    await Deno.writeTextFile(trace, "");
    const time = new Date(`2026-01-0${day}`);
    await Deno.utime(trace, time, time);
  }
  await Deno.mkdir(path("m0trace.20"));
  await Deno.symlink(path("-rf"), path("m0trace.21"));
  assertEquals(await pruneTraces(directory), ["m0trace.13", "m0trace.11.2026-01-01-20:36:02"]);
  assertEquals(await pruneTraces(directory), []);
  const left = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
  const kept = ["m0trace.10", "m0trace.12", "m0trace.20", "m0trace.21"];
  assertEquals(left, [...others, ...kept].sort());
  await Deno.remove(directory, { recursive: true });
});
