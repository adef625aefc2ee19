/**
 * Other programs as the tools use them: one that fails is an error that shows what it said.
 *
 * @module
 */

import { HareError, messageOf } from "../mod/lib/errors.ts";
import { runHere, type RunOptions } from "../mod/lib/process.ts";

/** An argument list. */
export type Argv = readonly [string, ...string[]];

/** The Deno that runs this: the pinned one. */
export const DENO = Deno.execPath();

/** Top of the repository. */
export const ROOT = new URL("../", import.meta.url).pathname;

/**
 * Standard output of a program.
 *
 * @throws {HareError} when it fails, with the end of what it wrote to standard error
 */
export async function outputOf(argv: Argv, options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runHere(argv, { limitMs: 600_000, ...options });
  if (code !== 0) throw failed(argv, code, stderr);
  return stdout;
}

/** Options of {@linkcode passThrough} and {@linkcode follow}. */
export interface ChildOptions {
  /** {@default the present directory} */
  readonly cwd?: string;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program that has the terminal to itself.
 *
 * @param options with `limitMs`, it is killed after so many milliseconds
 * @returns its exit status, 128 + n when signal n ended it
 */
export async function passThrough(
  argv: Argv,
  options: ChildOptions & { readonly limitMs?: number } = {},
): Promise<number> {
  const { limitMs, ...rest } = options;
  const signal = limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) };
  return (await start(argv, { ...rest, ...signal }, "inherit").status).code;
}

/**
 * Runs a program and hands over each line that it writes to standard error.
 *
 * @returns its standard output
 * @throws {HareError} when it fails, with the last of those lines
 */
export async function follow(
  argv: Argv,
  onLine: (line: string) => void,
  options: ChildOptions = {},
): Promise<string> {
  const child = start(argv, options, "piped");
  const stdout = new Response(child.stdout).text();
  const tail: string[] = [];
  let rest = "";
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      onLine(line);
      tail.push(line);
    }
    tail.splice(0, tail.length - 20);
  }
  const { code } = await child.status;
  if (code !== 0) throw failed(argv, code, [...tail, rest].join("\n"));
  return await stdout;
}

function start(
  [program, ...args]: Argv,
  options: ChildOptions & { readonly signal?: AbortSignal },
  out: "inherit" | "piped",
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, { args, stdin: "null", stdout: out, stderr: out, ...options })
      .spawn();
  } catch (error) {
    throw new HareError(`cannot run ${program}: ${messageOf(error)}`, {
      hint: error instanceof Deno.errors.NotFound ? `install ${program}` : undefined,
      cause: error,
    });
  }
}

function failed(argv: Argv, code: number, stderr: string): HareError {
  return new HareError(`${argv.join(" ")}\n  ended with status ${code}:\n${stderr.trimEnd()}`);
}
