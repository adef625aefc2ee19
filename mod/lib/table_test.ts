import { assertEquals } from "../../tests/lib/assert.ts";
import { painter } from "./paint.ts";
import { tableLines } from "./table.ts";

Deno.test("tableLines() makes columns as wide as their widest cell, and no trailing spaces", () => {
  const rows = [["a", "bb", "c"], ["aaa", "b", ""], ["", "", ""], ["a"]];
  assertEquals(tableLines(rows), ["a    bb  c", "aaa  b", "", "a"]);
});

Deno.test("tableLines() counts characters, not what colours them", () => {
  const rows = [[{ text: "ok", style: "good" }, "x"], ["okay", "y"]] as const;
  assertEquals(tableLines(rows, { paint: painter(true) }), ["\x1b[32mok\x1b[0m    x", "okay  y"]);
  assertEquals(tableLines(rows), ["ok    x", "okay  y"]);
});
