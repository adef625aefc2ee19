/**
 * `hare rc` as its users start it: the binary.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { hare } from "../lib/hare.ts";

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
