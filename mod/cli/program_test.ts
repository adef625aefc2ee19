import { assertEquals, assertMatch, assertStringIncludes } from "../../tests/lib/assert.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { command, Option } from "./command.ts";
import type { Context } from "./context.ts";
import { runProgram, type SubCommands } from "./program.ts";
import { OutputClosed, type World } from "./world.ts";

/** Runs `args` in a program with one sub-command `try`, whose action is `act`. */
async function run(
  args: readonly string[],
  act: (context: Context) => Promise<void> = () => Promise.resolve(),
  parts: Partial<World> = {},
): Promise<{ status: number; out: string; err: string }> {
  const world = fakeWorld(parts);
  const subCommands: SubCommands = [["Commands:", (context) =>
    command("try")
      .description("try something")
      .argument("<what>", "what")
      .addOption(new Option("--how <way>", "how").choices(["well", "badly"]))
      .addOption(new Option("--quick", "fast").conflicts("slow"))
      .addOption(new Option("--slow", "not fast"))
      .action(() => act(context))]];
  const status = await runProgram(args, world, { commit: "abc1234", subCommands });
  return { status, out: world.out(), err: world.err() };
}

Deno.test("runProgram() returns 0 when the command is done", async () => {
  const result = await run(["try", "it"], ({ stdout }) => stdout({ lines: ["done"] }));
  assertEquals(result, { status: 0, out: "done\n", err: "" });
});

Deno.test("runProgram() returns the status that the command has set", async () => {
  const { status } = await run(["try", "it"], (context) => {
    context.setExitStatus(2);
    return Promise.resolve();
  });
  assertEquals(status, 2);
});

Deno.test("runProgram() prints version and help to standard output and returns 0", async () => {
  const version = await run(["--version"]);
  assertEquals(version.status, 0);
  assertMatch(version.out, /^hare \d+\.\d+\.\d+ \(commit abc1234, [\w-]+\)\n$/);
  for (const args of [["--help"], ["-h"], ["try", "--help"], ["try", "it", "-h"]]) {
    const help = await run(args);
    assertEquals([help.status, help.err], [0, ""]);
    assertStringIncludes(help.out, "Usage: hare");
  }
});

const WRONG: Readonly<Record<string, readonly [args: string[], err: string]>> = {
  "an unknown command, with a guess": [
    ["tri"],
    [
      "hare: unknown command 'tri'",
      "  hint: did you mean try?",
      "  see: hare --help",
      "",
    ].join("\n"),
  ],
  "an unknown option, with a guess": [
    ["try", "it", "--hwo"],
    [
      "hare: unknown option '--hwo'",
      "  hint: did you mean --how?",
      "  see: hare try --help",
      "",
    ].join("\n"),
  ],
  "a missing argument": [
    ["try"],
    [
      "hare: missing required argument 'what'",
      "  see: hare try --help",
      "",
    ].join("\n"),
  ],
  "an argument too many": [
    ["try", "this", "that"],
    [
      "hare: too many arguments for 'try'. Expected 1 argument but got 2: this, that",
      "  see: hare try --help",
      "",
    ].join("\n"),
  ],
  "a missing value": [
    ["try", "it", "--how"],
    [
      "hare: option '--how <way>' argument missing",
      "  see: hare try --help",
      "",
    ].join("\n"),
  ],
  "a value that is no choice": [
    ["try", "it", "--how", "so-so"],
    [
      "hare: option '--how <way>' argument 'so-so' is invalid. Allowed choices are well, badly",
      "  see: hare try --help",
      "",
    ].join("\n"),
  ],
  "options that exclude each other": [
    ["try", "it", "--slow", "--quick"],
    [
      "hare: option '--quick' cannot be used with option '--slow'",
      "  see: hare try --help",
      "",
    ].join("\n"),
  ],
};

for (const [what, [args, err]] of Object.entries(WRONG)) {
  Deno.test(`runProgram() returns 64 for ${what}`, async () => {
    assertEquals(await run(args), { status: 64, out: "", err });
  });
}

Deno.test("runProgram() shows the help when no command is given, and returns 64", async () => {
  const { status, out, err } = await run([]);
  assertEquals([status, out], [64, ""]);
  assertMatch(err, /^Usage: hare .*\nhare: a command is missing\n {2}see: hare --help\n$/s);
});

Deno.test("runProgram() returns 64 for a UsageError and points to the command's help", async () => {
  const { status, err } = await run(["try", "it"], () => {
    throw new UsageError("--a needs --b");
  });
  assertEquals([status, err], [64, "hare: --a needs --b\n  see: hare try --help\n"]);
});

Deno.test("runProgram() returns 1 for a failure, and tells its causes with --verbose", async () => {
  const fail = () =>
    Promise.reject(new HareError("no leader", { cause: new TypeError("refused") }));
  assertEquals(await run(["try", "it"], fail), { status: 1, out: "", err: "hare: no leader\n" });
  const { err } = await run(["try", "it", "--verbose"], fail);
  assertEquals(err, "hare: no leader\n  cause: TypeError: refused\n");
});

Deno.test("runProgram() returns 1 for a fault of its own", async () => {
  const { status, err } = await run(["try", "it"], () => Promise.reject(new RangeError("7")));
  assertEquals(status, 1);
  assertMatch(err, /^hare: unexpected error.*: 7\n/);
});

Deno.test("runProgram() is quiet when whoever reads its output has gone", async () => {
  const stdout = () => Promise.reject(new OutputClosed());
  const expected = { status: 0, out: "", err: "" };
  assertEquals(
    await run(["try", "it"], (context) => context.stdout({ lines: ["x"] }), { stdout }),
    expected,
  );
  assertEquals(await run(["--help"], undefined, { stdout }), expected);
});

Deno.test("runProgram() says that it was interrupted, whatever the abort made of it", async () => {
  const signal = AbortSignal.abort(new HareError("interrupted by SIGINT"));
  const { status, err } = await run(
    ["try", "it"],
    () => Promise.reject(new DOMException("The signal has been aborted", "AbortError")),
    { signal },
  );
  assertEquals([status, err], [1, "hare: interrupted by SIGINT\n"]);
});
