/**
 * A frame that separates a program's output from all other output.
 *
 * Hare runs a program on a host through a login shell with its start-up files, and often sudo. Each
 * of them may print text before or after the program, read the program's standard input, or exit
 * without running the program. The frame's random marks delimit the program's output and exit
 * status.
 *
 * @module
 */

import { excerpt } from "../lib/excerpt.ts";
import { loggerOf } from "../lib/log.ts";
import type { Output, RunOptions } from "../lib/process.ts";

const log = loggerOf("host");

/** The result of a program that ran in a {@linkcode Frame}. */
export type Framed =
  /** The program has ended. */
  | { readonly kind: "ended"; readonly output: Output; readonly noise: Noise }
  /** The program was started, but the mark of its end is missing. */
  | { readonly kind: "cut off"; readonly stderr: string }
  /** Another program has read standard input, so the program was not started. */
  | { readonly kind: "input taken"; readonly noise: Noise }
  /** The program was not started. */
  | { readonly kind: "not started" };

/** The output of other programs. */
export interface Noise {
  readonly stdout: string;
  readonly stderr: string;
}

// Arguments: the mark; `input` or nothing; variables; the program and its arguments. The text is
// constant. The program gets a small environment, an umask and a working directory of its own.
// Start-up files can change how programs behave and print (locale, SHELLOPTS, BASH_ENV, functions
// of bash, a PATH without the system's directories), and root may not enter a home directory over
// NFS.
const FRAME = `
set +eux
mark=$1 input=$2
shift 2
cd /
umask 022
PATH=\${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -n "$input" ]; then
  IFS= read -r first
  if [ "$first" != "$mark" ]; then
    printf '%s input taken\\n' "$mark"
    exit 1
  fi
fi
printf '%s begin\\n' "$mark"
printf '%s begin\\n' "$mark" >&2
command env -i LC_ALL=C HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" \\
  PATH="$PATH" "$@"
status=$?
printf '%s end %s\\n' "$mark" "$status"
printf '%s end %s\\n' "$mark" "$status" >&2
exit "$status"
`;

/** The frame of one run of a program. */
export class Frame {
  readonly #mark = crypto.randomUUID();
  readonly #env: Readonly<Record<string, string>>;
  readonly #stdin: RunOptions["stdin"];

  /** @param options the options of the run that apply inside the frame */
  constructor({ env = {}, stdin }: Pick<RunOptions, "env" | "stdin"> = {}) {
    this.#env = env;
    this.#stdin = stdin;
  }

  /** The command to run in place of `argv`. */
  argv(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
    const variables = Object.entries(this.#env).map(([name, value]) => `${name}=${value}`);
    const input = this.#stdin === undefined ? "" : "input";
    return ["/bin/sh", "-c", FRAME, "hare-run", this.#mark, input, ...variables, ...argv];
  }

  /** Standard input of {@linkcode argv}: a mark, then the program's own input. */
  get stdin(): RunOptions["stdin"] {
    const first = `${this.#mark}\n`;
    switch (typeof this.#stdin) {
      case "undefined":
        return undefined;
      case "string":
        return first + this.#stdin;
      default:
        return startingWith(new TextEncoder().encode(first), this.#stdin);
    }
  }

  /** Extracts the program's own output from everything that was printed. */
  read({ stdout, stderr }: Noise): Framed {
    const out = this.#cut(stdout);
    const err = this.#cut(stderr);
    if (out === null) {
      const [before = "", ...after] = stdout.split(`${this.#mark} input taken\n`);
      if (after.length === 0) return { kind: "not started" };
      return { kind: "input taken", noise: { stdout: before, stderr } };
    }
    if (out.status === null) return { kind: "cut off", stderr: err?.inside ?? stderr };
    return {
      kind: "ended",
      output: { code: out.status, stdout: out.inside, stderr: err?.inside ?? stderr },
      noise: { stdout: out.outside, stderr: err?.outside ?? "" },
    };
  }

  #cut(text: string): { inside: string; outside: string; status: number | null } | null {
    const begin = `${this.#mark} begin\n`;
    const start = text.indexOf(begin);
    if (start === -1) return null;
    const [before, rest] = [text.slice(0, start), text.slice(start + begin.length)];
    const end = new RegExp(`${this.#mark} end (\\d+)\n`).exec(rest);
    if (end === null) return { inside: rest, outside: before, status: null };
    return {
      inside: rest.slice(0, end.index),
      outside: before + rest.slice(end.index + end[0].length),
      status: Number(end[1]),
    };
  }
}

/** `stream` with some bytes prepended. */
function startingWith(
  first: Uint8Array,
  stream: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream({
    start: (controller) => controller.enqueue(first),
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The result of {@linkcode excerptOf} for empty output. */
const NOTHING_PRINTED = "nothing";

/** Logs the output of other programs, for `--verbose`. */
export function logNoise(who: string, noise: Noise): void {
  const printed = excerptOf(noise);
  if (printed !== NOTHING_PRINTED) log.debug("{who} printed {printed}", { who, printed });
}

/** Maximum length of the output of a shell or sudo that is shown, in characters. */
const EXCERPT_LENGTH = 300;

/** The unexpected output, on one line, with control characters escaped. */
export function excerptOf({ stdout, stderr }: Noise): string {
  const text = [stdout, stderr].map((one) => one.trim()).filter((one) => one !== "").join("\n");
  if (text === "") return NOTHING_PRINTED;
  return JSON.stringify(excerpt(text, EXCERPT_LENGTH));
}
