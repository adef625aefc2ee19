/**
 * Running another program: an argument list, never a shell string; standard input closed; a time
 * limit always.
 *
 * @module
 */

import { HareError, messageOf, TimeLimitError } from "./errors.ts";

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
   * Standard input, which is closed otherwise: a text, or bytes as they come. A stream that is not
   * read to its end is cancelled when the program ends.
   */
  readonly stdin?: string | ReadableStream<Uint8Array> | undefined;
}

/**
 * Runs a program to its end, whatever its exit status.
 *
 * @throws {HareError} when the program cannot be started
 * @throws {ProgramTimeLimitError} when it does not end in time; it is killed first
 */
export type Run = (argv: readonly [string, ...string[]], options?: RunOptions) => Promise<Output>;

/** A program did not end in time, and was killed. */
export class ProgramTimeLimitError extends TimeLimitError {
  /** @param printed what it had printed until then */
  constructor(message: string, readonly printed: Pick<Output, "stdout" | "stderr">) {
    super(message);
  }
}

/** {@linkcode Run} on this machine. */
export async function runHere(
  [program, ...args]: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<Output> {
  options.signal?.throwIfAborted();
  const limitMs = options.limitMs ?? 30_000;
  const limit = AbortSignal.timeout(limitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      // Ctrl-C is for this program, which ends the others itself: one that had died of it would look
      // as if it had failed.
      detached: true,
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
    }).spawn();
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new HareError(
      `cannot run ${program}: ${isMissing ? "there is no such program" : messageOf(error)}`,
      { hint: isMissing ? `install ${program} or put it on PATH` : undefined, cause: error },
    );
  }
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended already
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  const output = Promise.all([
    child.status,
    textOf(child.stdout, signal),
    textOf(child.stderr, signal),
  ]);
  try {
    const ended = new AbortController();
    const done = AbortSignal.any([ended.signal, signal]);
    const [[{ code }, stdout, stderr]] = await Promise.all([
      output.finally(() => ended.abort()),
      options.stdin === undefined ? null : feed(child.stdin, options.stdin, done),
    ]);
    options.signal?.throwIfAborted();
    if (limit.aborted) {
      const message = `${program} did not end within ${limitMs / 1000} s and was killed`;
      throw new ProgramTimeLimitError(message, { stdout, stderr });
    }
    return { code, stdout, stderr };
  } catch (error) {
    kill(); // what it was to be fed could not be read
    await output;
    throw error;
  } finally {
    signal.removeEventListener("abort", kill);
  }
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

/** All of a stream; of a program that was killed what has come, for its children may keep it open. */
async function textOf(stream: ReadableStream<Uint8Array>, killed: AbortSignal): Promise<string> {
  const pieces: string[] = [];
  try {
    const text = stream.pipeThrough(new TextDecoderStream(), { signal: killed });
    for await (const piece of text) pieces.push(piece);
  } catch (error) {
    if (!killed.aborted) throw error;
  }
  return pieces.join("");
}
