/**
 * Programs as root, by a login that is root or may become it without a password.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { NOT_FOUND, type Run } from "../lib/process.ts";
import { excerptOf, Frame, logNoise, type Noise } from "./frame.ts";

// The text is constant. The user's name is for the hint.
const BECOME_ROOT = `
[ "$(id -u)" = 0 ] && exec "$@"
export LC_ALL=C
id -un >&2
exec sudo -n -- "$@"
`;

/**
 * A {@linkcode Run} whose programs run as root: as they are where the login is root, by `sudo -n`
 * elsewhere. Whether sudo is willing shows in the program being started, and in nothing that sudo
 * says: it warns of many things and goes on.
 *
 * @returns a function that throws {@linkcode HareError} when sudo refuses
 */
export function asRoot(run: Run): Run {
  return async (argv, { env, stdin, ...options } = {}) => {
    const frame = new Frame({ env, stdin });
    const words = ["sh", "-c", BECOME_ROOT, "hare-root", ...frame.argv(argv)] as const;
    const output = await run(words, { ...options, stdin: frame.stdin });
    const framed = frame.read(output);
    switch (framed.kind) {
      case "ended":
        logNoise("sudo", { ...framed.noise, stderr: framed.noise.stderr.replace(USER_LINE, "") });
        return framed.output;
      case "not started":
        throw refusal(output);
      case "cut off":
      case "input taken":
        throw new HareError(
          `${argv[0]} did not come to its end as root: ${excerptOf(output)}`,
          { hint: "see what sudo and its log on that host say" },
        );
    }
  };
}

/** Output of {@linkcode BECOME_ROOT} itself. */
const USER_LINE = /^.*\n/;

/** The error for this output, when the program was not started as root. */
function refusal({ code, stdout, stderr }: Noise & { readonly code: number }): HareError {
  const [name = "", ...lines] = stderr.trim().split("\n");
  const user = name || "this user";
  const said = { stdout, stderr: withoutCommand(lines.join("\n")) };
  const line = `${user} ALL=(root) NOPASSWD: ALL`;
  const inSudoers = `put the line \`${line}\` into /etc/sudoers.d/hare there`;
  const rootLogin = "log in as root (root@HOST)";
  if (code === NOT_FOUND) {
    return new HareError(`root is needed there, and ${user} cannot run sudo: ${excerptOf(said)}`, {
      hint: `${rootLogin}, or install sudo and ${inSudoers}`,
    });
  }
  return new HareError(`root is needed there, and sudo refuses ${user}: ${excerptOf(said)}`, {
    hint: /must have a tty/.test(stderr)
      ? `put the line \`Defaults:${user} !requiretty\` into /etc/sudoers.d/hare there`
      : `${rootLogin}, or ${inSudoers}`,
  });
}

/** sudo quotes the complete command that it refuses; here the command is a script of many lines. */
function withoutCommand(text: string): string {
  return text.replace(/(to (?:execute|run)) '.*'/s, "$1 this");
}
