import { assertEquals } from "../../tests/lib/assert.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { Argument, command, Option } from "./command.ts";
import { complete, type Completion } from "./complete.ts";
import type { Context } from "./context.ts";
import { completedBy, type LiveValues } from "./values.ts";

const context: Context = { ...fakeWorld(), setExitStatus: () => {} };

/** What is offered for the words, the last one at the cursor, in a small program. */
async function offered(words: readonly string[], live: LiveValues): Promise<Completion> {
  const program = command("hare").option("--verbose", "log more");
  program.addCommand(
    command("check").description("Check.")
      .addArgument(completedBy(new Argument("<fid>", "a fid"), live))
      .argument("[files...]")
      .addOption(new Option("--as <role>", "role").choices(["hax", "confd"]))
      .option("--dir <directory>")
      .option("-t, --target <name>"),
  );
  program.addCommand(
    command("dev").description("Develop.")
      .addCommand(command("up").description("Up.").argument("<cdf>"))
      .addCommand(command("down").description("Down.")),
  );
  program.addCommand(command("hidden"), { hidden: true });
  return await complete(program, words, context);
}

const FIDS = ["0x7200000000000001:0x6", "0x7200000000000001:0x9", "evil $(reboot)", "\t:files"];

const CASES: Readonly<Record<string, readonly [words: string[], values: string[] | string]>> = {
  "sub-commands, but hidden ones": [[""], ["check", "dev"]],
  "sub-commands that begin so": [["d"], ["dev"]],
  "sub-commands of a sub-command": [["dev", ""], ["up", "down"]],
  "nothing where nothing fits": [["x"], []],
  "options, global ones too": [["dev", "down", "--"], ["--help", "--verbose"]],
  "no option twice": [["check", "--as", "hax", "--a"], []],
  "the choices of an option": [["check", "--as", ""], ["hax", "confd"]],
  "the choices behind an equals sign": [["check", "--as=c"], ["--as=confd"]],
  "live values, only plain ones": [["check", "0x"], FIDS.slice(0, 2)],
  "live values after an option with a value": [["check", "-t", "motr", ""], FIDS.slice(0, 2)],
  "live values after two dashes": [["check", "--", "0x"], FIDS.slice(0, 2)],
  "file names by the name of an argument": [["dev", "up", "ex"], "files"],
  "file names for each of many": [["check", "0x1:0x1", "a", "b", ""], "files"],
  "directories by the name of an option's value": [["check", "--dir", ""], "directories"],
  "nothing for a value of which nothing is known": [["check", "--target", ""], []],
};

for (const [what, [words, values]] of Object.entries(CASES)) {
  Deno.test(`complete() offers ${what}`, async () => {
    const completion = await offered(words, () => Promise.resolve(FIDS));
    assertEquals(
      typeof completion === "string" ? completion : completion.map(({ value }) => value),
      values,
    );
  });
}

Deno.test("complete() tells what each is", async () => {
  assertEquals(await offered(["dev", "u"], () => Promise.resolve([])), [
    { value: "up", description: "Up." },
  ]);
});

Deno.test("complete() offers nothing when live values fail", async () => {
  assertEquals(await offered(["check", ""], () => Promise.reject(new Error("refused"))), []);
  assertEquals(
    await offered(["check", ""], () => {
      throw new Error("no consul");
    }),
    [],
  );
});

Deno.test("complete() waits one second for live values and no more", async () => {
  const started = performance.now();
  assertEquals(await offered(["check", ""], () => new Promise(() => {})), []);
  const tookMs = performance.now() - started;
  assertEquals(tookMs >= 990 && tookMs < 3000, true, `${tookMs} ms`);
});
