/**
 * The real world outside: this process's environment, streams, signals and clock.
 *
 * @module
 */

import { type Consul, consulFromEnv } from "../consul/mod.ts";
import { systemClock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { keepLoopbackDirect } from "../lib/proxy.ts";
import type { Context } from "./context.ts";

/** What `main.ts` hands to the command line: the world, without what is the program's own. */
export type World = Omit<Context, "setExitStatus" | "commit">;

/** Whoever read standard output has closed it (`hare … | head`): the program may end quietly. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** This process's world. From now on SIGINT and SIGTERM abort its signal. */
export function systemWorld(): World {
  keepLoopbackDirect();
  const env = (name: string) => Deno.env.get(name);
  const isTerminal = Deno.stdout.isTerminal();
  let consul: Consul | undefined;
  return {
    env,
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: async (text) => {
      try {
        await writeAll(Deno.stderr, text);
      } catch (error) {
        if (!(error instanceof OutputClosed)) throw error; // nobody is left who could be told
      }
    },
    readStdin: () => new Response(Deno.stdin.readable).text(),
    terminal: {
      isTerminal,
      colours: isTerminal && (env("NO_COLOR") ?? "") === "",
      get columns() {
        return isTerminal ? Deno.consoleSize().columns : 80;
      },
    },
    clock: systemClock,
    run: runHere,
    signal: abortOnSignals(),
    consul: () => consul ??= consulFromEnv(env),
  };
}

/** A second Ctrl-C finds no listener any more, so the system ends the process at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const onSignal = () => {
      Deno.removeSignalListener(name, onSignal);
      controller.abort(new HareError(`interrupted by ${name}`));
    };
    Deno.addSignalListener(name, onSignal);
  }
  return controller.signal;
}

async function writeAll(stream: typeof Deno.stdout, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(await stream.write(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
    throw error;
  }
}
