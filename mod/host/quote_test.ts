import * as fc from "fast-check";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { quoteForSh } from "./quote.ts";

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
