import { assertEquals } from "../../tests/lib/assert.ts";
import { sha256Of } from "./sha256.ts";

Deno.test("sha256Of() is what sha256sum prints", async () => {
  const ofAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, B.1
  assertEquals(await sha256Of("abc"), ofAbc);
  assertEquals(await sha256Of(new Uint8Array([0x61, 0x62, 0x63])), ofAbc);
});
