/**
 * What a sub-command is given: the world outside, passed in. `main.ts` hands over the real one
 * ({@linkcode systemWorld}); tests hand over a few lines of their own.
 *
 * @module
 */

import type { Consul } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Run } from "../lib/process.ts";
import type { Output } from "./output.ts";

/** Properties of the standard streams. */
export interface Terminal {
  /** Standard output is a terminal; else it is a file or a pipe. */
  readonly isTerminal: boolean;
  /** Standard output shows colours. */
  readonly colours: boolean;
  /** Standard error is a terminal on which a line can be replaced. */
  readonly showsStatus: boolean;
  /** Width of standard output in characters, read each time; 80 if unknown. */
  readonly columns: number;
  /** The same for standard error. */
  readonly statusColumns: number;
}

/** The world outside, as a sub-command sees it. */
export interface Context {
  /** An environment variable; `undefined` when it is not set. */
  readonly env: (name: string) => string | undefined;
  /** Writes results to standard output, all of them. */
  readonly stdout: (output: Output) => Promise<void>;
  /** Writes to standard error: progress and everything else that is no result. */
  readonly stderr: (output: Output) => Promise<void>;
  /**
   * The whole of standard input.
   *
   * @param what the expected input; a user at a terminal sees a message about it
   */
  readonly readStdin: (what: string) => Promise<string>;
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
