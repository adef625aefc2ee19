/**
 * Getting this machine ready for test hosts, as far as it can be.
 *
 * @module
 */

import { HareError, messageOf } from "../../mod/lib/errors.ts";
import { ensureConsul } from "../../tools/consul.ts";
import { say } from "../../tools/say.ts";
import { type Base, ensureTree } from "./base.ts";
import { TestHosts } from "./mod.ts";
import { installTools, whyNoHosts } from "./tools.ts";

/** Tells the tests why there are no hosts, once that was found out. */
const REASON_VARIABLE = "HARE_NO_TEST_HOSTS";

/** What hosts are made from, or why there can be none. */
export type Ready = { readonly base: Base } | { readonly why: string };

/** Installs and makes what is missing. */
export async function getReady(): Promise<Ready> {
  try {
    const why = Deno.env.get(REASON_VARIABLE) ?? await whyNoHosts();
    if (why !== null) return { why };
    await installTools();
    return { base: { tree: await ensureTree(), consul: await ensureConsul() } };
  } catch (error) {
    return { why: whyRefused(error) };
  }
}

/**
 * Gets ready, and tries whether a host boots: containers and their kernels differ in what they
 * allow. Where it does not, that is told here, and later by each test that is skipped.
 */
export async function setUpTestHosts(): Promise<void> {
  const ready = await getReady();
  const why = "why" in ready ? ready.why : await whyNotBooting(ready.base);
  if (why === null) return;
  say(`WARNING: no test hosts, the tests that need them are skipped: ${why}`);
  // It goes into the names of tests.
  Deno.env.set(REASON_VARIABLE, why.replaceAll(/\s*\n\s*/g, " ").slice(0, 200));
}

async function whyNotBooting(base: Base): Promise<string | null> {
  try {
    await using _hosts = await TestHosts.make(1, base);
    return null;
  } catch (error) {
    return whyRefused(error);
  }
}

/** What this machine does not allow, a program or the kernel has said; all else is a mistake here. */
function whyRefused(error: unknown): string {
  const isRefusal = error instanceof HareError ||
    error instanceof Error && /\(os error \d+\)/.test(error.message);
  if (!isRefusal) throw error;
  return messageOf(error);
}
