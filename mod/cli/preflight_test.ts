import { assert, assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { runHere } from "../lib/process.ts";
import { readAnswer } from "../preflight/answer.ts";
import type { Question } from "../preflight/mod.ts";
import { runProgram } from "./program.ts";
import { VERSION } from "./version.ts";

const QUESTION: Question = {
  format: 2,
  globs: [],
  consul: "/nowhere/consul",
  units: [],
  failable: [],
  ports: [],
};

function worldAsking(question: object) {
  const readStdin = () => Promise.resolve(JSON.stringify(question));
  return fakeWorld({ run: runHere, readStdin });
}

Deno.test("hare preflight answers the question on standard input", async () => {
  const world = worldAsking(QUESTION);
  const status = await runProgram(["preflight", "--json"], world, { commit: "abc1234" });
  assertEquals([status, world.err()], [0, ""]);
  const read = readAnswer(world.out());
  assert(read.kind === "answer");
  assertEquals(read.answer.hare, `${VERSION} (commit abc1234)`);
  assert("problems" in read.answer.consul);
});

Deno.test("hare preflight tells its version with a question that it does not understand", async () => {
  const world = worldAsking({ ...QUESTION, format: 3 });
  const status = await runProgram(["preflight", "--json"], world, { commit: "abc1234" });
  assertEquals([status, world.out()], [64, ""]);
  const says = `hare: hare ${VERSION} (commit abc1234) does not understand the question\n`;
  assertStringIncludes(world.err(), says);
});

Deno.test("hare preflight has no other form than JSON", async () => {
  const world = worldAsking(QUESTION);
  assertEquals(await runProgram(["preflight"], world), 64);
  assertStringIncludes(world.err(), "required option '--json' not specified");
});
