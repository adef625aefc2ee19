/**
 * Name-based UUIDs.
 *
 * @module
 */

import { assertEquals, assertMatch, assertNotEquals } from "../../tests/lib/assert.ts";
import { uuidOf } from "./uuid.ts";

Deno.test("uuidOf() is a version 5 UUID that depends on the name alone", async () => {
  const [one, again, other] = await Promise.all(["a", "a", "b"].map(uuidOf));
  assertEquals(one, again);
  assertNotEquals(one, other);
  assertMatch(one ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

Deno.test("uuidOf() never changes: nodes are known by it", async () => {
  assertEquals(await uuidOf("ssc-vm1"), "8adbf74f-9ccc-506a-96e9-708466aa14b7");
});
