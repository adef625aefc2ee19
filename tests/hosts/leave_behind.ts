/**
 * Makes a test host and waits to be killed.
 *
 * @module
 */

import { print } from "../../tools/say.ts";
import { TestHosts } from "./mod.ts";
import { getReady } from "./ready.ts";

if (import.meta.main) {
  const ready = await getReady();
  if ("why" in ready) throw new Error(ready.why);
  await using _hosts = await TestHosts.make(1, ready.base);
  print("up");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}
