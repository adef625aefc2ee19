import * as fc from "fast-check";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { encodeBase64 } from "../lib/std/encoding.ts";
import { base64FromText, textFromBase64 } from "./base64.ts";

Deno.test("textFromBase64() returns what base64FromText() was given", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme-composite", maxLength: 200 }),
  );
  fc.assert(fc.property(text, (text) => {
    assertEquals(textFromBase64(base64FromText(text)), text);
  }));
  for (const text of ["", "\ufeffwith a byte order mark", "häre 😀", "\u0000"]) {
    assertEquals(textFromBase64(base64FromText(text)), text);
  }
});

Deno.test("textFromBase64() takes any bytes, and marks those that are no text", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    const text = textFromBase64(encodeBase64(bytes));
    assertEquals(text, new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  }));
  assertEquals(textFromBase64(encodeBase64(new Uint8Array([0x61, 0xff]))), "a\ufffd");
});

Deno.test("textFromBase64() refuses what is no Base64", () => {
  assertThrows(() => textFromBase64("%"), DOMException);
});
