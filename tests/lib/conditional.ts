/**
 * Tests that only run where their conditions hold. Elsewhere they are registered all the same and
 * counted as skipped, with the reason in their names, so that their absence does not look like
 * success.
 *
 * @module
 */

import { SKIPPED } from "../../tools/junit.ts";

/** Set to 1, it asks for the tests that take minutes. */
export const LONG_VARIABLE = "HARE_TEST_LONG";

/** Why the long tests are skipped; `null` where they run. */
export const WHY_NOT_LONG: string | null = Deno.env.get(LONG_VARIABLE) === "1"
  ? null
  : `takes minutes: ${LONG_VARIABLE}=1 runs it`;

/**
 * Registers a test.
 *
 * @param why the reason to skip the test; `null` to run it
 */
export function testUnless(
  why: string | null,
  name: string,
  test: (t: Deno.TestContext) => void | Promise<void>,
): void {
  if (why === null) Deno.test(name, test);
  else {Deno.test({
      name: `${name}${SKIPPED.before}${why}${SKIPPED.after}`,
      ignore: true,
      fn: test,
    });}
}
