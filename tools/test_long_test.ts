import { HareError } from "../mod/lib/errors.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../tests/lib/assert.ts";
import { type LongRun, withResult } from "./test_long.ts";

const RUN: LongRun = {
  startedAt: Date.UTC(2026, 10, 29, 20, 5),
  commit: "abc1234",
  durationMs: 5_400_000,
  counts: { passed: 2000, failed: 1, skipped: 2 },
  withMotr: true,
};
const README = await Deno.readTextFile(new URL("../tests/README.md", import.meta.url));

Deno.test("withResult() puts the result into the page in place of the one before", () => {
  const once = withResult(README, RUN);
  for (const value of ["2026-11-29 20:05 UTC", "abc1234", "2000 passed, 1 failed, 2 skipped"]) {
    assertStringIncludes(once, value);
  }
  const twice = withResult(once, { ...RUN, commit: "def5678", withMotr: false });
  assertEquals(twice.split("abc1234").length, 1);
  assertStringIncludes(twice, "| real Motr | not tested");
});

Deno.test("withResult() refuses a page without a place for the result", () => {
  assertThrows(() => withResult("# Tests\n", RUN), HareError, "no place for the result");
});
