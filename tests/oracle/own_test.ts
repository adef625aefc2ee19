/**
 * cfgen against this project's own cases. Their expected files were made by cfgen once it was
 * equal to the oracle; they are read by people whenever one of them changes.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { assertAsExpected, foldersIn } from "./cases.ts";

const CASES = new URL("cases", import.meta.url).pathname;

for (const target of Object.values(TARGETS)) {
  for (const name of foldersIn(`${CASES}/${target.name}`)) {
    Deno.test(`cfgen: ${target.name}/${name} gives the expected files`, () => {
      assertAsExpected(`${CASES}/${target.name}/${name}`, target);
    });
  }
}
