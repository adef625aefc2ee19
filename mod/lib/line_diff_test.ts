import fc from "fast-check";
import { assertEquals } from "../../tests/lib/assert.ts";
import { lineDiff } from "./line_diff.ts";

Deno.test("lineDiff() shows what was removed and what was added, with a little around it", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  const after = "1\n2\n3\n4\n5\nsix\n7\n8\n9\n10\n";
  assertEquals(lineDiff(before, after), [
    ...["…", " 3", " 4", " 5", "-6", "+six", " 7", " 8", " 9", "+10"],
  ]);
  assertEquals(lineDiff("", "a\nb\n"), ["+a", "+b"]);
  assertEquals(lineDiff("a\nb\n", ""), ["-a", "-b"]);
  assertEquals(lineDiff("a\n", "a\n"), []);
});

Deno.test("lineDiff() has the lines of both texts where all of them are near a change", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
  fc.assert(fc.property(lines, lines, (before, after) => {
    const text = (words: readonly string[]) => words.map((word) => `${word}\n`).join("");
    const diff = lineDiff(text(before), text(after));
    const side = (mark: string) =>
      diff.filter((line) => !line.startsWith(mark)).map((line) => line.slice(1));
    if (before.join() === after.join()) return;
    assertEquals([side("+"), side("-")], [before, after]);
  }));
});
