/**
 * The types of the packages under `std/` are written by hand: this holds that what they promise
 * is there.
 *
 * @module
 */

import { assertEquals } from "../../../tests/lib/assert.ts";
import * as async from "./async.ts";
import * as collections from "./collections.ts";
import * as encoding from "./encoding.ts";
import * as fmt from "./fmt.ts";
import * as path from "./path.ts";
import * as text from "./text.ts";

for (const [name, module] of Object.entries({ async, collections, encoding, fmt, path, text })) {
  Deno.test(`std/${name}.ts exports functions only`, () => {
    const kinds = Object.entries(module).map(([key, value]) => [key, typeof value]);
    assertEquals(kinds.filter(([, kind]) => kind !== "function"), []);
    assertEquals(kinds.length > 0, true);
  });
}

Deno.test("std functions do what their types say", async () => {
  assertEquals(collections.chunk([1, 2, 3], 2), [[1, 2], [3]]);
  assertEquals(encoding.encodeBase64(encoding.decodeBase64("aGFyZQ==")), "aGFyZQ==");
  assertEquals(encoding.encodeHex(new Uint8Array([255])), "ff");
  assertEquals(fmt.formatBytes(1024, { binary: true }), "1 kiB");
  assertEquals(path.join("/a", "../b"), "/b");
  assertEquals(path.globToRegExp("/dev/sd[a-c]*").test("/dev/sdb1"), true);
  assertEquals(text.closestString("statsu", ["status", "start"]), "status");
  assertEquals(await async.abortable(Promise.resolve(1), new AbortController().signal), 1);
});
