/**
 * The help of every command, as a user reads it, compared with `help.txt`. After a change that is
 * meant: `UPDATE_GOLDEN=1 tools/deno task test tests/cli/help_test.ts`, and read the difference.
 */

import type { CommandUnknownOpts } from "../../mod/cli/command.ts";
import { makeProgram, runProgram } from "../../mod/cli/program.ts";
import { assertEquals, assertMatch } from "../lib/assert.ts";
import { hare } from "../lib/hare.ts";
import { fakeWorld } from "../lib/world.ts";

const GOLDEN = new URL("help.txt", import.meta.url);

/** Every command that the help shows, with its path: `["hare", "dev", "up"]`. */
function* commandsOf(
  command: CommandUnknownOpts,
  above: readonly string[] = [],
): Generator<{ path: readonly string[]; command: CommandUnknownOpts }> {
  const path = [...above, command.name()];
  yield { path, command };
  for (const each of command.createHelp().visibleCommands(command)) yield* commandsOf(each, path);
}

const COMMANDS = [...commandsOf(makeProgram({ ...fakeWorld(), setExitStatus: () => {} }))];

async function helpOf([, ...path]: readonly string[]): Promise<string> {
  const world = fakeWorld();
  assertEquals(await runProgram([...path, "--help"], world), 0);
  return world.out();
}

Deno.test("the help of every command is as in help.txt", async () => {
  let all = "";
  for (const { path } of COMMANDS) all += `$ ${path.join(" ")} --help\n${await helpOf(path)}\n`;
  if (Deno.env.has("UPDATE_GOLDEN")) await Deno.writeTextFile(GOLDEN, all);
  assertEquals(all, await Deno.readTextFile(GOLDEN));
});

for (const { path, command } of COMMANDS) {
  const name = path.join(" ");
  Deno.test(`${name} says what it is, in a sentence, and gives an example`, async () => {
    assertMatch(command.description(), /^[A-Z].*\.$/);
    assertMatch(await helpOf(path), /\nExamples?:\n {2}\$ .*hare /);
  });

  Deno.test(`${name} tells what its arguments and options are`, () => {
    const takers = [...command.registeredArguments, ...command.options];
    assertEquals(takers.filter(({ description }) => description === ""), []);
  });
}

Deno.test("the binary prints the same help", async () => {
  for (const path of [["hare"], ["hare", "dev", "up"]]) {
    assertEquals((await hare([...path.slice(1), "-h"])).stdout, await helpOf(path));
  }
});
