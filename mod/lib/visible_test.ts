import fc from "fast-check";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { columnsOf, escapeJson, fitted, visible, visibleJson, visibleLines } from "./visible.ts";

/** Characters that no text for a terminal may have, whatever their Unicode category. */
const FORBIDDEN = [
  ...Array.from({ length: 0x20 }, (_, i) => i),
  ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i),
  ...[0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e],
  ...[0x2066, 0x2067, 0x2068, 0x2069, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xfeff, 0xe0041],
];

const anyText = fc.array(
  fc.oneof(
    fc.constantFrom(...FORBIDDEN.map((code) => String.fromCodePoint(code))),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
).map((pieces) => pieces.join(""));

function offenders(text: string): readonly string[] {
  return [...text].map((c) => c.codePointAt(0) ?? 0).filter((code) => FORBIDDEN.includes(code))
    .map((code) => code.toString(16));
}

Deno.test("visible() leaves no control, separator, reordering character or lone surrogate", () => {
  for (const code of FORBIDDEN) {
    const text = visible(`a${String.fromCodePoint(code)}b`);
    assertEquals(offenders(text), []);
    assert(/^a\\.*b$/.test(text), text);
  }
  fc.assert(fc.property(anyText, (text) => assertEquals(offenders(visible(text)), [])));
});

Deno.test("visible() keeps text that is safe, and its own result", () => {
  for (const text of ["", "größer", "節点 ①", "👩\u200d🚀", "می\u200cخواهم", "a\\nb"]) {
    assertEquals(visible(text), text);
  }
  fc.assert(fc.property(anyText, (text) => assertEquals(visible(visible(text)), visible(text))));
});

Deno.test("visibleLines() keeps line ends and tabs, and nothing else", () => {
  assertEquals(visibleLines("a\tb\r\n\x1b[2J\n"), "a\tb\\r\n\\u001b[2J\n");
});

Deno.test("visibleJson() is JSON of the same value, on one line or indented", () => {
  fc.assert(fc.property(anyText, (text) => {
    for (const space of [0, 2]) {
      const json = visibleJson({ [text]: [text] }, space);
      assertEquals(JSON.parse(json), { [text]: [text] });
      assertEquals(offenders(json.replaceAll("\n", "")), []);
    }
    assertEquals(escapeJson(JSON.stringify(text)), visibleJson(text));
  }));
});

Deno.test("fitted() keeps to the width, whatever the characters are", () => {
  fc.assert(fc.property(anyText, fc.nat(30), (text, columns) => {
    const shown = fitted(visible(text), columns + 1);
    assert(columnsOf(shown) <= columns + 1, shown);
  }));
});
