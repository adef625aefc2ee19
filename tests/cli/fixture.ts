/**
 * A program on the same frame as `hare`, with sub-commands that strain it.
 *
 * @module
 */

import { command } from "../../mod/cli/command.ts";
import { readInput } from "../../mod/cli/input.ts";
import { showProgress } from "../../mod/cli/progress.ts";
import { runProgram, type SubCommands } from "../../mod/cli/program.ts";
import { systemWorld } from "../../mod/cli/world.ts";
import { HareError } from "../../mod/lib/errors.ts";
import { loggerOf } from "../../mod/lib/log.ts";

const subCommands: SubCommands = [[
  "Commands:", //
  ({ stdout }) =>
    command("big").action(() => stdout({ verbatim: "0123456789abcde\n".repeat(1 << 20) })),
  ({ stdout, clock, signal }) =>
    command("wait").action(async () => {
      await stdout({ lines: ["waiting"] });
      await clock.sleep(60_000, signal);
    }),
  ({ stdout, signal, clock }) =>
    command("deaf").action(async () => {
      signal.addEventListener("abort", () => void stdout({ lines: ["heard"] }));
      await stdout({ lines: ["waiting"] });
      await clock.sleep(60_000);
    }),
  ({ readStdin, stdout }) =>
    command("echo").action(async () => stdout({ verbatim: await readStdin("some text") })),
  (context) =>
    command("operate").action(async () => {
      {
        await using progress = showProgress(true, context);
        for (let i = 0; i < 20_000; i++) {
          progress.report({ event: "host", phase: "a", host: `${i}`, outcome: "done", seconds: 0 });
        }
      }
      context.setExitStatus(3);
    }),
  ({ stdout }) =>
    command("log").action(async () => {
      loggerOf("test").info("a line for a full disk");
      await stdout({ lines: ["goes on"] });
    }),
  (context) =>
    command("fifo").action(async () => {
      const path = `${await Deno.makeTempDir()}/fifo`;
      await context.run(["mkfifo", path]);
      const reading = readInput(path, "the description", context);
      await context.stdout({ lines: ["waiting"] });
      await reading;
    }),
  ({ terminal, stdout }) => command("terminal").action(() => stdout({ jsonLine: terminal })),
  () =>
    command("fail").action(() => {
      loggerOf("test").debug("inner state");
      throw new HareError("failed {so}", { hint: "try again", cause: new Error("because") });
    }),
]];

Deno.exit(await runProgram(Deno.args, systemWorld(), { subCommands }));
