import { assertEquals } from "../../tests/lib/assert.ts";
import { linesText } from "./lines.ts";
import { tableLines } from "./table.ts";

Deno.test("tableLines() makes columns as wide as their widest cell, and no trailing spaces", () => {
  const rows = [["a", "bb", "c"], ["aaa", "b", ""], ["", "", ""], ["a"]];
  assertEquals(linesText(tableLines(rows)), "a    bb  c\naaa  b\n\na\n");
});

Deno.test("tableLines() counts characters, not what colours them", () => {
  const rows = [[{ text: "ok", style: "good" }, "x"], ["okay", "y"]] as const;
  assertEquals(linesText(tableLines(rows), true), "\x1b[32mok\x1b[0m    x\nokay  y\n");
  assertEquals(linesText(tableLines(rows)), "ok    x\nokay  y\n");
});

Deno.test("tableLines() counts the columns of what is shown: escapes, wide and combining characters", () => {
  const rows = [["\x1b[H\n", "a"], ["節点", "b"], ["e\u0301", "c"], ["12345678901", "d"]];
  assertEquals(
    linesText(tableLines(rows)),
    "\\u001b[H\\n   a\n節点         b\ne\u0301            c\n12345678901  d\n",
  );
});
