import { assertEquals } from "../tests/lib/assert.ts";
import plugin from "./wall_clock.ts";

/** The rules that something on a line of its own breaks. */
function findings(line: string, file = "mod/rc/timer.ts"): string[] {
  return Deno.lint.runPlugin(plugin, file, line).map(({ id }) => id);
}

Deno.test("the plugin refuses a clock that is not passed in", () => {
  assertEquals(findings("const t = Date.now();"), ["clock/source"]);
  assertEquals(findings("const t = performance.now();"), ["clock/source"]);
  assertEquals(findings("const t = new Date().toISOString();"), ["clock/source"]);
  assertEquals(findings("const t = performance.now();", "mod/lib/clock.ts"), []);
});

Deno.test("the plugin refuses wall time that is not for people", () => {
  assertEquals(findings("const end = clock.now() + 5;"), ["clock/wall"]);
  assertEquals(findings("const t = this.#deps.clock.now();"), ["clock/wall"]);
  assertEquals(findings("const t = this.#clock.now();"), ["clock/wall"]);
  assertEquals(findings("const t = new Date(context.clock.now()).toISOString();"), []);
  assertEquals(findings("const end = clock.monotonic() + 5;"), []);
  assertEquals(findings("const value = this.#followed.now;"), []);
});

Deno.test("the plugin refuses durations of the wall clock in tests and tools, and no more", () => {
  for (const file of ["tools/say.ts", "tests/rc/x_test.ts", "mod/rc/timer_test.ts"]) {
    assertEquals(findings("const ms = Date.now() - began;", file), ["clock/wall"]);
    assertEquals(findings("const ms = performance.now() - began;", file), []);
    assertEquals(findings("const past = new Date(Date.now() - 120_000);", file), []);
    assertEquals(findings("const seed = Date.now() % 2 ** 32;", file), []);
  }
});
