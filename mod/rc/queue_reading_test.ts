import { assert, assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry } from "../consul/mod.ts";
import { batchSize, readQueue } from "./queue_reading.ts";

function entry(key: string, modifyIndex: number): KvEntry {
  const rest = { value: "wake_RC", flags: 0, session: null, lockIndex: 0, createIndex: 1 };
  return { key, modifyIndex, ...rest };
}

Deno.test("readQueue() gives entries in the order of numbers, padded or not", () => {
  const { entries, misnamed } = readQueue([
    entry("eq/0", 9),
    entry("eq/000000002", 3),
    entry("eq/000000010", 4),
    entry("eq/1000000000", 2),
    entry("eq/2", 8),
    entry("eq/7", 5),
    entry("eq/next", 1),
    entry("eq/1/2", 1),
  ]);
  assertEquals(entries.map(({ key }) => key), [
    "eq/0",
    "eq/000000002",
    "eq/2",
    "eq/7",
    "eq/000000010",
    "eq/1000000000",
  ]);
  assertEquals(misnamed, ["eq/next", "eq/1/2"]);
});

Deno.test("batchSize() makes the cost of reading a queue grow with its length only", () => {
  for (const length of [1, 100, 1000, 100_000]) {
    let read = 0;
    for (let left = length; left > 0; left -= Math.min(left, batchSize(left))) read += left;
    assert(read <= 4 * length, `${length} entries: ${read} read`);
  }
});
