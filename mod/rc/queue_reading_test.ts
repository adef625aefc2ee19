import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import type { KvEntry } from "../consul/mod.ts";
import { batchSize, pagesOf, readKeys, readPage, readQueue } from "./queue_reading.ts";

function entry(key: string, modifyIndex: number): KvEntry {
  const rest = { value: "wake_RC", flags: 0, session: null, lockIndex: 0, createIndex: 1 };
  return { key, modifyIndex, ...rest };
}

Deno.test("readKeys() gives the keys in the order of numbers, padded or not", () => {
  const { queued, misnamed } = readKeys([
    "eq/0",
    "eq/000000002",
    "eq/000000010",
    "eq/1000000000",
    "eq/2",
    "eq/7",
    "eq/next",
    "eq/1/2",
  ]);
  assertEquals(queued.map(({ key }) => key), [
    "eq/0",
    "eq/000000002",
    "eq/2",
    "eq/7",
    "eq/000000010",
    "eq/1000000000",
  ]);
  assertEquals(misnamed, ["eq/next", "eq/1/2"]);
});

Deno.test("readQueue() takes of two entries with one number the older first", () => {
  const found = [entry("eq/000000007", 9), entry("eq/7", 8), entry("eq/3", 10), entry("eq/x", 1)];
  assertEquals(readQueue(found).map(({ key }) => key), ["eq/3", "eq/7", "eq/000000007"]);
});

Deno.test("readPage() reads what was asked for, whatever else is there, a page at a time", async () => {
  const model = new ModelConsul();
  const { kv } = model.client("");
  const keys = ["eq/000000098", "eq/000000099", "eq/000000100", "eq/0", "eq/99", "eq/000000103"];
  for (const key of keys) model.put(key, `value of ${key}`);
  const { queued } = readKeys(model.keys("eq/"));
  model.put("eq/000000097", "too late");
  model.put("eq/000000101", "too late");
  model.delete("eq/000000103");
  const pages: string[][] = [];
  for (const page of pagesOf(queued, 5)) {
    const entries = await readPage(page, kv);
    pages.push(entries.map(({ key }) => key));
    for (const { key, text } of entries) assertEquals(text, `value of ${key}`);
  }
  assertEquals(pages, [
    ["eq/0", "eq/000000098", "eq/000000099", "eq/99"],
    ["eq/000000100"],
  ]);
});

Deno.test("batchSize() makes the cost of reading a queue grow with its length only", () => {
  for (const length of [1, 100, 1000, 100_000]) {
    let read = 0;
    for (let left = length; left > 0; left -= Math.min(left, batchSize(left))) read += left;
    assert(read <= 4 * length, `${length} entries: ${read} read`);
  }
});
