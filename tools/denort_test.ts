import { assertEquals } from "../tests/lib/assert.ts";
import { elfOnly } from "./denort.ts";

Deno.test("elfOnly() cuts behind the section headers", () => {
  const file = new Uint8Array(200);
  const header = new DataView(file.buffer);
  header.setBigUint64(0x28, 64n, true); // e_shoff
  header.setUint16(0x3a, 16, true); // e_shentsize
  header.setUint16(0x3c, 3, true); // e_shnum
  assertEquals(elfOnly(file).length, 64 + 3 * 16);
});
