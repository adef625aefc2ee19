/**
 * `hare rc` as its users start it: the binary.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import { hare } from "../lib/hare.ts";
import { lockOf, startProcess } from "./nodes.ts";

const wrong: readonly (readonly [args: readonly string[], message: string])[] = [
  [["--check-ttl", "200ms"], "a check TTL of 200 ms is out of range"],
  [["--check-ttl", "10s"], "a lock delay of 1 s does not go with a check TTL of 10 s"],
  [["--lock-delay", "90s"], "a lock delay of 1 m 30 s does not go with"],
  [["--lock-delay", "soon"], '"soon" is no length of time'],
  [["--rule-limit", "0s"], "It is more than 0"],
  [["--rule-limit", "1000000h"], "1000000h is too long a time"],
  [["--ttl", "2s"], "unknown option '--ttl'"],
];
for (const [args, message] of wrong) {
  Deno.test(`hare rc ${args.join(" ")} is wrong usage`, async () => {
    const { code, stdout, stderr } = await hare(["rc", ...args]);
    assertEquals([code, stdout], [64, ""]);
    assertStringIncludes(stderr, message);
  });
}

Deno.test("a second hare rc refuses before it asks Consul, and names the process that runs", async () => {
  const address = "127.79.9.1"; // where no Consul is
  await using first = startProcess(address);
  await first.line(/Consul is away/);
  const args = ["rc", "--metrics", `${address}:8010`, "--lock", lockOf(address)];
  const { code, stdout, stderr } = await hare(args, {
    env: { CONSUL_HTTP_ADDR: `${address}:8500` },
  });
  assertEquals([code, stdout], [1, ""]);
  assertMatch(
    stderr,
    new RegExp(
      `^hare: a recovery coordinator runs on this node already: process ${first.pid}, since \\d{4}-`,
    ),
  );
  assertEquals(stderr.includes("Consul"), false);
});
