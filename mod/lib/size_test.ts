/**
 * Sizes.
 *
 * @module
 */

import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { parseSize, SizeSyntaxError } from "./size.ts";

Deno.test("parseSize() reads bytes and powers of 1024", () => {
  assertEquals(["0", "512", "1k", "4G", "2T"].map(parseSize), [0, 512, 1024, 4 * 2 ** 30, 2 ** 41]);
});

Deno.test("parseSize() refuses what is no size", () => {
  for (const text of ["", "G", "-1", "1.5G", "1 G", "1GB", "99999999T", "0x10"]) {
    assertThrows(() => parseSize(text), SizeSyntaxError);
  }
});
