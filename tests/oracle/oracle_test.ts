/**
 * cfgen against files of the original program and of one that real Motr came up on. They are no
 * part of this project: `HARE_ORACLE` names the folder that holds them.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { join } from "../../mod/lib/std/path.ts";
import { testUnless } from "../lib/conditional.ts";
import { assertAsExpected, foldersIn } from "./cases.ts";

const ORACLE = Deno.env.get("HARE_ORACLE") ?? "";

const whyNoOracle = ORACLE === "" ? "HARE_ORACLE names no folder of expected files" : null;

for (const [group, target] of [["2019", TARGETS.mero], ["motr", TARGETS.motr]] as const) {
  const cases = whyNoOracle === null ? foldersIn(join(ORACLE, group)) : [];
  testUnless(whyNoOracle, `oracle: ${group} has cases`, () => {
    if (cases.length === 0) throw new Error(`there are none in ${join(ORACLE, group)}`);
  });
  for (const name of cases) {
    Deno.test(`oracle: ${group}/${name} is equal byte for byte`, () => {
      assertAsExpected(join(ORACLE, group, name), target);
    });
  }
}
