/**
 * Completion as a user has it: a real bash on a terminal, with the script that the binary prints.
 */

import { runHere } from "../../mod/lib/process.ts";
import { dirname } from "../../mod/lib/std/path.ts";
import { assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { HARE, hare } from "../lib/hare.ts";

/** Goes to the start of the line, so that bash shows what was completed and runs nothing. */
const SHOW = "\x01echo is: ";

/**
 * What an interactive bash shows after `keys` were typed; `hare` is the program in `bin`.
 *
 * @param keys with a tab where the user presses it
 */
async function typed(keys: string, bin = dirname(HARE)): Promise<string> {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/cluster.yaml`, "");
  try {
    const { stdout } = await runHere(
      ["script", "-qec", `cd ${directory} && exec bash --norc --noprofile -i`, "/dev/null"],
      {
        env: { PATH: `${bin}:${Deno.env.get("PATH")}`, PS1: "> ", TERM: "dumb" },
        stdin: `source <(${HARE} completions bash)\n${keys}\nexit\n`,
      },
    );
    return stdout.replaceAll("\r", "");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("bash completes sub-commands, their arguments and options", async () => {
  assertStringIncludes(
    await typed("hare compl\tfi\t| head -n 1"),
    "\n# Completion of hare for fish",
  );
  assertStringIncludes(await typed("hare dev do\t--he\t"), "\nUsage: hare dev down");
});

Deno.test("bash completes file names where a file is wanted", async () => {
  const shown = await typed(`hare cfgen clu\t${SHOW}`);
  assertStringIncludes(shown, "\nis: hare cfgen cluster.yaml\n");
  assertStringIncludes(await typed(`hare next clu\t${SHOW}`), "\nis: hare next clu\n");
});

Deno.test("bash completes fids, whose colon it takes for the end of a word", async () => {
  const bin = await Deno.makeTempDir();
  try {
    const answer = "0x7200000000000001:0x1a\\t\\n--fid=0x7200000000000001:0x1a\\t\\n";
    await Deno.writeTextFile(
      `${bin}/hare`,
      `#!/bin/sh\nfor word; do :; done\nprintf '${answer}' | grep -e "^$word"\n`,
      { mode: 0o755 },
    );
    for (const start of ["--fid 0x72", "--fid 0x7200000000000001:", "--fid=0x7200000000000001:0"]) {
      const shown = await typed(`hare check-service ${start}\t${SHOW}`, bin);
      const [, got] = /\nis: hare check-service --fid[ =](\S+)/.exec(shown) ?? [];
      assertEquals(got, "0x7200000000000001:0x1a", shown);
    }
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
});

Deno.test("hare complete is quiet and quick where Consul does not answer", async () => {
  const env = { CONSUL_HTTP_ADDR: "127.82.0.9:1" };
  const started = performance.now();
  assertEquals(await hare(["complete", "--", "check-service", "--fid", ""], { env }), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assertEquals(performance.now() - started < 3000, true);
});
