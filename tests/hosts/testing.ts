/**
 * Tests on test hosts. Where this machine cannot have any, they are skipped, and say why.
 *
 * @module
 */

import { say } from "../../tools/say.ts";
import { type Base, TestHosts } from "./mod.ts";
import { getReady } from "./ready.ts";

/** Set to 1 it asks for the tests that take minutes. */
const LONG_VARIABLE = "HARE_TEST_LONG";

const ready = await getReady();
if ("why" in ready) say(`WARNING: no test hosts, these tests are skipped: ${ready.why}`);

/** A test on so many hosts, which are made for it and taken down after it. */
export function testOnHosts(
  name: string,
  count: number,
  test: (hosts: TestHosts, t: Deno.TestContext) => Promise<void>,
): void {
  onHosts(name, async (make, t) => {
    await using hosts = await make(count);
    await test(hosts, t);
  });
}

/** The same, of a test that takes too long for every run: there is none unless it is asked for. */
export function longTestOnHosts(...test: Parameters<typeof testOnHosts>): void {
  if (Deno.env.get(LONG_VARIABLE) === "1") testOnHosts(...test);
}

/** Makes hosts, of another base than usual as far as that is given. */
export type MakeHosts = (count: number, base?: Partial<Base>) => Promise<TestHosts>;

/** A test that makes hosts itself. */
export function onHosts(
  name: string,
  test: (make: MakeHosts, t: Deno.TestContext) => Promise<void>,
): void {
  if ("why" in ready) {
    Deno.test({ name: `${name} (no test hosts: ${ready.why})`, ignore: true, fn: () => {} });
    return;
  }
  const { base } = ready;
  Deno.test(
    name,
    (t) => test((count, other) => TestHosts.make(count, { ...base, ...other }), t),
  );
}
