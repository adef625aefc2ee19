/**
 * Running another program: an argument list, never a shell string; standard input closed; a time
 * limit always; its output bounded.
 *
 * A program and its child processes run in a separate process group. When the program has ended, or
 * must end, the whole group ends: by SIGTERM, and a second later by SIGKILL. Only a program that
 * creates its own session (`setsid`, a daemon) leaves the group.
 *
 * @module
 */

import { HareError, messageOf, TimeLimitError } from "./errors.ts";
import { BoundedBytes } from "./bounded_bytes.ts";
import { ProcessGroup } from "./process_group.ts";
import { timeLimit } from "./time_limit.ts";

/** What a finished program left. */
export interface Output {
  /** Exit status; 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a {@linkcode Run}. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Time limit in milliseconds. {@default 30000} */
  readonly limitMs?: number | undefined;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether the program belongs to the site. Such a program inherits only the variables of
   * {@linkcode siteEnvironment}, and no secrets. {@default false}
   */
  readonly site?: boolean | undefined;
  /**
   * Standard input, which is closed otherwise: a text, or bytes as they come. A stream that is not
   * read to its end is cancelled when the program ends.
   */
  readonly stdin?: string | ReadableStream<Uint8Array> | undefined;
  /**
   * Maximum number of bytes of standard output, and of standard error, that are kept. Of longer
   * output the first and the last part are kept, with a line between them that counts the rest.
   * {@default 16777216}
   */
  readonly maxOutput?: number | undefined;
  /** Whether child processes, such as a daemon, continue after the program. {@default false} */
  readonly leavesDaemon?: boolean | undefined;
}

/**
 * Runs a program to its end, whatever its exit status.
 *
 * @throws {HareError} when the program cannot be started
 * @throws {ProgramTimeLimitError} when it does not end in time; its process group is ended first
 */
export type Run = (argv: readonly [string, ...string[]], options?: RunOptions) => Promise<Output>;

/** The exit status of `env` and of a shell for a program that they cannot run. */
export const NOT_EXECUTABLE = 126;
/** The exit status of `env` and of a shell for a program that they do not find. */
export const NOT_FOUND = 127;

/**
 * Why a program failed: the first line of its error output, or its exit status if there is none.
 *
 * @example
 * ```ts
 * import { failureIn } from "./process.ts";
 *
 * if (failureIn({ code: 1, stderr: "no disk\nbye\n" }) !== "no disk") throw new Error("wrong");
 * if (failureIn({ code: 1, stderr: "\n" }) !== "exit status 1") throw new Error("wrong");
 * ```
 */
export function failureIn({ code, stderr }: Pick<Output, "code" | "stderr">): string {
  return stderr.trim().split("\n")[0] || `exit status ${code}`;
}

/** A program exceeded its time limit and was killed. */
export class ProgramTimeLimitError extends TimeLimitError {
  /** @param printed the output of the program until then */
  constructor(message: string, readonly printed: Pick<Output, "stdout" | "stderr">) {
    super(message);
  }
}

const DEFAULT_LIMIT_MS = 30_000;
const DEFAULT_MAX_OUTPUT = 16 * 1024 * 1024;
/** After a program's end its output is complete, but a daemon may hold the pipe open for ever. */
const DRAIN_MS = 1000;

/** {@linkcode Run} on this machine. */
export async function runHere(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<Output> {
  options.signal?.throwIfAborted();
  const limitMs = options.limitMs ?? DEFAULT_LIMIT_MS;
  using timer = timeLimit(limitMs);
  const { signal: limit } = timer;
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  const child = start(argv, options);
  const group = new ProcessGroup(child.pid);
  const maxOutput = options.maxOutput ?? DEFAULT_MAX_OUTPUT;
  const stdout = new BoundedBytes(child.stdout, maxOutput);
  const stderr = new BoundedBytes(child.stderr, maxOutput);
  const ended = new AbortController();
  const end = () => void group.end();
  signal.addEventListener("abort", end, { once: true });
  try {
    const done = AbortSignal.any([ended.signal, signal]);
    const [{ code }] = await Promise.all([
      group.statusOf(child.status, signal).finally(() => ended.abort()),
      options.stdin === undefined ? null : feed(child.stdin, options.stdin, done),
    ]);
    if (signal.aborted || options.leavesDaemon !== true) await group.end();
    const [out, err] = await Promise.all([stdout.text(DRAIN_MS), stderr.text(DRAIN_MS)]);
    options.signal?.throwIfAborted();
    if (limit.aborted) {
      const message = `${argv[0]} did not end within ${limitMs / 1000} s and was killed`;
      throw new ProgramTimeLimitError(message, { stdout: out, stderr: err });
    }
    return { code, stdout: out, stderr: err };
  } catch (error) {
    await group.end(); // its input could not be read, or it cannot be killed
    await Promise.all([stdout.cancel(), stderr.cancel()]);
    throw error;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function start(
  [program, ...args]: readonly [string, ...string[]],
  { env = {}, site = false, stdin }: RunOptions,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      // A separate session, and so a separate process group. Only this program receives Ctrl-C, and
      // ends the others itself: a program that Ctrl-C had killed would look like a failed program.
      detached: true,
      clearEnv: site,
      env: site ? { ...siteEnvironment(), ...env } : { ...env },
    }).spawn();
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new HareError(
      `cannot run ${program}: ${isMissing ? "there is no such program" : messageOf(error)}`,
      { hint: isMissing ? `install ${program} or put it on PATH` : undefined, cause: error },
    );
  }
}

/** The locale variables. */
const LANGUAGE = [
  ...["LANG", "LC_ALL", "LC_ADDRESS", "LC_COLLATE", "LC_CTYPE", "LC_IDENTIFICATION"],
  ...["LC_MEASUREMENT", "LC_MESSAGES", "LC_MONETARY", "LC_NAME", "LC_NUMERIC", "LC_PAPER"],
  ...["LC_TELEPHONE", "LC_TIME"],
];

/**
 * The variables that any program may inherit: `PATH`, `HOME`, the locale and the time zone. They
 * have no tokens, keys and passwords.
 */
export function plainEnvironment(): Record<string, string> {
  // A Deno program with listed permissions can read only individual variables.
  return Object.fromEntries(["PATH", "HOME", "TZ", ...LANGUAGE].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** The variables that a site's program inherits: Consul's address, but no token. */
export function siteEnvironment(): Record<string, string> {
  const address = Deno.env.get("CONSUL_HTTP_ADDR");
  // An address may contain a user and a password.
  const isPublic = address !== undefined && !address.includes("@");
  return { ...plainEnvironment(), ...(isPublic ? { CONSUL_HTTP_ADDR: address } : {}) };
}

/** A program may end without reading what it is sent: that is its right, its status tells. */
async function feed(
  stdin: WritableStream<Uint8Array>,
  input: string | ReadableStream<Uint8Array>,
  done: AbortSignal,
): Promise<void> {
  const stream = typeof input === "string" ? new Blob([input]).stream() : input;
  try {
    await stream.pipeTo(stdin, { signal: done });
  } catch (error) {
    if (!done.aborted && !(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
