/**
 * The other side of a frame, for tests whose programs are functions.
 *
 * @module
 */

import { SSH_FAILED } from "../../mod/host/ssh.ts";
import type { Run } from "../../mod/lib/process.ts";

type Argv = readonly [string, ...string[]];

/**
 * A `Run` for code that starts programs by ssh, as root, or both: `run` gets the program that is
 * meant, after `ssh` and the destination if it is to run there, and its own standard input where
 * that is a text. What it returns is put into the frame, unless it is a failure of ssh itself.
 */
export function framedRun(run: Run): Run {
  return (argv, options) => {
    if (argv[0] !== "ssh") return inFrames(run, argv)(argv, options);
    const line = wordsOf(argv.at(-1) ?? "");
    if (line === null) return run(argv, options);
    const there: Run = (program, options) => run(["ssh", argv.at(-2) ?? "", ...program], options);
    return inFrames(there, line)(line, options);
  };
}

function inFrames(run: Run, words: readonly string[]): Run {
  const at = words.indexOf("hare-run");
  if (at === -1) return run;
  const [mark = "", input = "", ...program] = words.slice(at + 1);
  return async (_, { stdin, ...others } = {}) => {
    const inside = input === "" || typeof stdin !== "string" ? stdin : stdin.slice(mark.length + 1);
    const argv = program as unknown as Argv;
    const output = await inFrames(run, program)(argv, { ...others, stdin: inside });
    const { code, stdout, stderr } = output;
    if (code === SSH_FAILED) return output;
    const framed = (text: string) => `${mark} begin\n${text}${mark} end ${code}\n`;
    return { code, stdout: framed(stdout), stderr: framed(stderr) };
  };
}

/** The words of a line for a login shell; `null` for any other. */
function wordsOf(line: string): Argv | null {
  const octal = / hare '(.*)'$/.exec(line)?.[1];
  if (octal === undefined) return null;
  const bytes = octal.replace(
    /\\0(\d{3})/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 8)),
  );
  const command = new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
  const quoted = command.slice("exec '".length, -1).split("' '");
  return quoted.map((word) => word.replaceAll("'\\''", "'")) as unknown as Argv;
}
