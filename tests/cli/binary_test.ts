/**
 * The built binary as a whole: what it is, what it refuses, what it may.
 */

import { assertEquals, assertMatch } from "../lib/assert.ts";
import { hare } from "../lib/hare.ts";

Deno.test("hare --version prints version, commit and target", async () => {
  for (const args of [["--version"], ["-V"], ["cfgen", "-V"]]) {
    const { code, stdout, stderr } = await hare(args);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^hare \d+\.\d+\.\d+ \(commit ([0-9a-f]{7}(\+changes)?|unknown), [\w-]+\)\n$/,
    );
  }
});

Deno.test("hare exits 64 for a wrong command line, and points to the help", async () => {
  assertEquals(await hare(["dev", "upp"]), {
    code: 64,
    stdout: "",
    stderr: "hare: unknown command 'upp'\n  hint: did you mean up?\n  see: hare dev --help\n",
  });
});

Deno.test("hare exits 1 for a failure, with --verbose its causes too", async () => {
  const env = { CONSUL_HTTP_ADDR: "127.82.0.9:1" };
  const short = await hare(["epoch"], { env });
  assertEquals([short.code, short.stdout], [1, ""]);
  assertMatch(short.stderr, /^hare: .*127\.82\.0\.9:1.*\n/);
  const { stderr } = await hare(["epoch", "--verbose"], { env });
  assertMatch(stderr, /\n {2}cause: /);
});
