/**
 * What a sub-command is given: the world outside, passed in. `main.ts` hands over the real one
 * ({@linkcode systemWorld}); tests hand over a few lines of their own.
 *
 * @module
 */

import type { Consul } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Run } from "../lib/process.ts";

/** What standard output is. */
export interface Terminal {
  /** Somebody looks at it; else it is a file or a pipe. */
  readonly isTerminal: boolean;
  /** Colours are welcome: a terminal, and `NO_COLOR` is not set. */
  readonly colours: boolean;
  /** Width in characters, asked anew each time; 80 where there is no terminal. */
  readonly columns: number;
}

/** The world outside, as a sub-command sees it. */
export interface Context {
  /** An environment variable; `undefined` when it is not set. */
  readonly env: (name: string) => string | undefined;
  /** Writes results to standard output, all of them; the text ends with its own newline. */
  readonly stdout: (text: string) => Promise<void>;
  /** Writes to standard error: progress and everything else that is no result. */
  readonly stderr: (text: string) => Promise<void>;
  /** The whole of standard input. */
  readonly readStdin: () => Promise<string>;
  /** What standard output is. */
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly run: Run;
  /** Aborted on SIGINT and SIGTERM: stop cleanly, soon. */
  readonly signal: AbortSignal;
  /** The Consul that the environment names, made at the first call. */
  readonly consul: () => Consul;
  /** What the binary was built from; absent when run from source. */
  readonly commit?: string | undefined;
  /** For the commands whose result is an exit status: `status` and `check-service`. */
  readonly setExitStatus: (status: number) => void;
}
