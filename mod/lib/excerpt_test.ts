import { assertEquals } from "../../tests/lib/assert.ts";
import { excerpt } from "./excerpt.ts";

Deno.test("excerpt() cuts off what is longer than the limit, and says so", () => {
  assertEquals(excerpt("", 0), "");
  assertEquals(excerpt("abc", 3), "abc");
  assertEquals(excerpt("abcd", 3), "abc…");
});
