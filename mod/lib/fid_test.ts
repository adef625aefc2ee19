/**
 * Fids.
 *
 * @module
 */

import fc from "fast-check";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { FidSyntaxError, formatFid, makeFid, parseFid } from "./fid.ts";

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

Deno.test("parseFid() reads back what formatFid() wrote", () => {
  fc.assert(fc.property(u64, u64, (container, key) => {
    assertEquals(parseFid(formatFid({ container, key })), { container, key });
  }));
});

Deno.test("parseFid() reads decimal numbers and upper case", () => {
  assertEquals(parseFid("10:0XAB"), { container: 10n, key: 171n });
});

Deno.test("parseFid() refuses what is no fid", () => {
  const wrong = ["", "1", "1:", ":1", "1:2:3", "0x:1", "-1:1", " 1:1", "0x10000000000000000:1"];
  for (const text of [...wrong, "99999999999999999999:1"]) {
    assertThrows(() => parseFid(text), FidSyntaxError);
  }
});

Deno.test("makeFid() puts the type's byte on top", () => {
  assertEquals(formatFid(makeFid("process", 9)), "0x7200000000000001:0x9");
  assertEquals(formatFid(makeFid("site", 1n)), "0x5300000000000001:0x1");
});
