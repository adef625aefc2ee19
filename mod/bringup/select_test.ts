/**
 * Selecting phases.
 *
 * @module
 */

import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { UsageError } from "../lib/errors.ts";
import { type Selection, selectPhases } from "./select.ts";

const NAMES = ["check", "generate", "import", "rc"];
const selected = (selection: Selection) => NAMES.filter(selectPhases(NAMES, selection)).join(" ");

Deno.test("selectPhases() selects everything, or what is asked for", () => {
  assertEquals(selected({}), "check generate import rc");
  assertEquals(selected({ only: ["rc", "check"] }), "check rc");
  assertEquals(selected({ skip: ["generate"] }), "check import rc");
  assertEquals(selected({ until: "import" }), "check generate import");
  assertEquals(selected({ only: ["check", "rc"], skip: ["check"], until: "import" }), "");
});

Deno.test("selectPhases() refuses a phase that there is not, and names those that are", () => {
  for (const selection of [{ only: ["mkfs"] }, { skip: ["mkfs"] }, { until: "mkfs" }]) {
    const error = assertThrows(() => selected(selection), UsageError, '"mkfs"');
    assertEquals(error.hint, "the phases are check, generate, import, rc");
  }
});
