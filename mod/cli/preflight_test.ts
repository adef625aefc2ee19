import { assert, assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { runHere } from "../lib/process.ts";
import { readAnswer } from "../preflight/answer.ts";
import type { Question } from "../preflight/mod.ts";
import { runProgram } from "./program.ts";
import { VERSION } from "./version.ts";

const QUESTION: Question = {
  format: 1,
  globs: [],
  consul: "/nowhere/consul",
  units: [],
  failable: [],
  ports: [],
  dataDirectories: [],
};

const TEXT = JSON.stringify(QUESTION);

Deno.test("hare preflight answers a question from its argument or from standard input", async () => {
  for (const [args, stdin] of [[[TEXT], ""], [[], TEXT]] as const) {
    const world = fakeWorld({ run: runHere, readStdin: () => Promise.resolve(stdin) });
    const status = await runProgram(["preflight", "--json", ...args], world, { commit: "abc1234" });
    assertEquals([status, world.err()], [0, ""]);
    const read = readAnswer(world.out());
    assert(read.kind === "answer");
    assertEquals(read.answer.hare, `${VERSION} (commit abc1234)`);
    assert("problems" in read.answer.consul);
  }
});

Deno.test("hare preflight tells its version with a question that it does not understand", async () => {
  const world = fakeWorld();
  const question = JSON.stringify({ ...QUESTION, format: 2 });
  const status = await runProgram(["preflight", "--json", question], world, { commit: "abc1234" });
  assertEquals([status, world.out()], [64, ""]);
  const says = `hare: hare ${VERSION} (commit abc1234) does not understand the question\n`;
  assertStringIncludes(world.err(), says);
});

Deno.test("hare preflight has no other form than JSON", async () => {
  const world = fakeWorld();
  assertEquals(await runProgram(["preflight", TEXT], world), 64);
  assertStringIncludes(world.err(), "required option '--json' not specified");
});
