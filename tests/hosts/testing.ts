/**
 * Tests on test hosts. Where this machine cannot have any, they are skipped, and say why.
 *
 * @module
 */

import { say } from "../../tools/say.ts";
import { testUnless, WHY_NOT_LONG } from "../lib/conditional.ts";
import { type Base, TestHosts } from "./mod.ts";
import { getReady } from "./ready.ts";

const ready = await getReady();
if ("why" in ready) say(`WARNING: no test hosts, these tests are skipped: ${ready.why}`);

/** Skips a test on hosts; `null` runs it where there can be hosts. */
export interface HostTestOptions {
  readonly why?: string | null;
}

/** A test on so many hosts, which are made for it and taken down after it. */
export function testOnHosts(
  name: string,
  count: number,
  test: (hosts: TestHosts, t: Deno.TestContext) => Promise<void>,
  options: HostTestOptions = {},
): void {
  onHosts(name, async (make, t) => {
    await using hosts = await make(count);
    await test(hosts, t);
  }, options);
}

/** The same for a test that takes minutes: it is skipped unless the long tests are asked for. */
export function longTestOnHosts(
  name: string,
  count: number,
  test: (hosts: TestHosts, t: Deno.TestContext) => Promise<void>,
): void {
  testOnHosts(name, count, test, { why: WHY_NOT_LONG });
}

/** Makes hosts, of another base than usual as far as that is given. */
export type MakeHosts = (count: number, base?: Partial<Base>) => Promise<TestHosts>;

/** A test that makes hosts itself. */
export function onHosts(
  name: string,
  test: (make: MakeHosts, t: Deno.TestContext) => Promise<void>,
  { why = null }: HostTestOptions = {},
): void {
  const whyNoHosts = "why" in ready ? `no test hosts: ${ready.why}` : null;
  testUnless(why ?? whyNoHosts, name, (t) => {
    if ("why" in ready) throw new Error(ready.why);
    const { base } = ready;
    return test((count, other) => TestHosts.make(count, { ...base, ...other }), t);
  });
}
