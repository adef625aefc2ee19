import * as fc from "fast-check";
import { assertEquals, assertMatch, assertThrows } from "../../tests/lib/assert.ts";
import { testUnless } from "../../tests/lib/conditional.ts";
import { HareError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { loginShellLine, quoteForSh } from "./quote.ts";

/** The words that a real shell finds in `line`. */
async function wordsSeenBySh(line: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runHere(["sh", "-c", `printf '%s\\0' ${line}`]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return stdout.split("\0").slice(0, -1);
}

Deno.test("quoteForSh() keeps what the shell would otherwise act on", async () => {
  const words = [
    "x; touch /owned",
    "$(id)",
    "`id`",
    "it's",
    `"`,
    "-oProxyCommand=id",
    "a b\tc\nd",
    "*",
    "~",
    "",
    "\\",
    "!!",
    "A=b",
    "if",
    "ä€🐇",
  ];
  assertEquals(await wordsSeenBySh(quoteForSh(words)), words);
});

Deno.test("quoteForSh() gives lines that sh takes apart into the same words", async () => {
  const word = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !text.includes("\0"));
  const hard = fc.string({ unit: fc.constantFrom(..."'\"\\$`;&|<>()*?[]#~=%!{} \n\t-a") });
  const words = fc.array(fc.oneof(word, hard), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(words, async (words) => {
      assertEquals(await wordsSeenBySh(quoteForSh(words)), words);
    }),
    { numRuns: 300 },
  );
});

Deno.test("quoteForSh() refuses a NUL", () => {
  assertThrows(() => quoteForSh(["a\0b"]), HareError, "NUL");
});

Deno.test("loginShellLine() is made of what means the same to every shell", () => {
  const word = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !text.includes("\0"));
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
    const [before, octal, ...after] = loginShellLine(words).split(" hare ");
    assertEquals(
      before,
      `/bin/sh -c 'LC_ALL=C; export LC_ALL; eval "$(printf %b "$1")"'`,
    );
    assertMatch(octal ?? "", /^'([A-Za-z0-9 _.,:;/@%+=-]|\\0[0-3][0-7]{2})*'$/);
    assertEquals(after, []);
  }));
});

/** Common login shells; shells that are not installed on this machine are skipped. */
const LOGIN_SHELLS = ["sh", "bash", "dash", "zsh", "fish", "tcsh", "csh", "ksh", "mksh", "yash"];

for (const shell of LOGIN_SHELLS) {
  const isMissing = (await runHere(["sh", "-c", 'command -v "$1"', "sh", shell])).code !== 0;
  const why = isMissing ? `there is no ${shell}` : null;
  testUnless(why, `loginShellLine() hands ${shell} every word as it is`, async () => {
    const words = [..."'\"\\!`$;&|<>()*?[]#~=%{}^ \n\t", "it's !! $HOME", "\\'", "ä€🐇", "", "=ls"];
    const odd = [...words, "x".repeat(5000)];
    const line = loginShellLine(["printf", "%s\\0", ...odd]);
    const { code, stdout, stderr } = await runHere([shell, "-c", line]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(stdout.split("\0").slice(0, -1), odd);
  });
}
