/**
 * The real world outside: this process's environment, streams, signals and clock.
 *
 * @module
 */

import { type Consul, consulFromEnv } from "../consul/mod.ts";
import { systemClock } from "../lib/clock.ts";
import { InterruptedError } from "../lib/errors.ts";
import { fileError } from "../lib/io_error.ts";
import { runHere } from "../lib/process.ts";
import { useProxiesAsConsul } from "../lib/proxy.ts";
import type { Context } from "./context.ts";
import { readStream } from "./input.ts";
import { outputText } from "./output.ts";
import { systemTerminal } from "./terminal.ts";

/** What `main.ts` hands to the command line: the world, without what is the program's own. */
export type World = Omit<Context, "setExitStatus" | "commit">;

/** The reader of standard output has closed it (`hare … | head`): the program may end quietly. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** This process's world. From now on SIGINT and SIGTERM abort its signal. */
export function systemWorld(): World {
  useProxiesAsConsul();
  const env = (name: string) => Deno.env.get(name);
  const terminal = systemTerminal(env);
  const signal = abortOnSignals();
  let consul: Consul | undefined;
  const stderr: Context["stderr"] = async (output) => {
    const screen = { isTerminal: Deno.stderr.isTerminal(), colours: false };
    try {
      await writeAll(Deno.stderr, outputText(output, screen));
    } catch (error) {
      if (!(error instanceof Error)) throw error; // there is no other place to report it
    }
  };
  return {
    env,
    stdout: async (output) => {
      try {
        await writeAll(Deno.stdout, outputText(output, terminal));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
        throw fileError("write", "standard output", error);
      }
    },
    stderr,
    readStdin: async (what) => {
      if (Deno.stdin.isTerminal()) {
        await stderr({ lines: [`reading ${what} from standard input; Ctrl-D ends it`] });
      }
      return await readStream(Deno.stdin.readable, "standard input", signal);
    },
    terminal,
    clock: systemClock,
    run: runHere,
    signal,
    consul: () => consul ??= consulFromEnv(env),
  };
}

/** A second Ctrl-C finds no listener any more, so the system ends the process at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const onSignal = () => {
      Deno.removeSignalListener(name, onSignal);
      controller.abort(new InterruptedError(name));
    };
    Deno.addSignalListener(name, onSignal);
  }
  return controller.signal;
}

/**
 * POSIX's PIPE_BUF: a write of up to this size is atomic, also to a full pipe that another program
 * has made non-blocking. After a longer write fails, Deno does not report how much was written.
 */
const CHUNK_BYTES = 4096;

/** Between two attempts to write to such a pipe. */
const FULL_PIPE_MS = 10;

async function writeAll(stream: typeof Deno.stdout, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(await stream.write(bytes.subarray(0, CHUNK_BYTES)));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await systemClock.sleep(FULL_PIPE_MS);
    }
  }
}
