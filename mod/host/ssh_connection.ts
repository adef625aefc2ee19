/**
 * One connection to a host for all that is done there: OpenSSH's multiplexing, so that a program
 * costs a session (10 ms) and no login (300 ms).
 *
 * Connecting and running are apart. Connecting changes nothing, so it is tried again for a while
 * when the network or sshd is not there; a program is never started a second time, because it may
 * have run.
 *
 * @module
 */

import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { ignoreNotFound } from "../lib/files.ts";
import type { Run } from "../lib/process.ts";
import { abortable } from "../lib/std/async.ts";
import { Slots } from "./slots.ts";
import {
  checkDestination,
  runOverSsh,
  socketOption,
  SSH_FAILED,
  SshError,
  sshError,
  type SshFailure,
  sshOptions,
} from "./ssh.ts";

/** What an {@linkcode SshConnection} is made of. */
export interface SshConnectionOptions {
  /** How ssh itself is started: on this machine. */
  readonly run: Run;
  /** Path of its socket, in a directory that nobody else may enter; short, as sockets' paths are. */
  readonly controlPath: string;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** Time limit of one try to connect, whole seconds. {@default 10} */
  readonly connectTimeoutS?: number | undefined;
  /** For how long connecting is tried again, in milliseconds. {@default 15000} */
  readonly patienceMs?: number | undefined;
}

/** Sessions at a time: sshd grants ten, unless it is told otherwise; two are left to people. */
const SESSIONS = { work: 6, watch: 2 } as const;
/** A connection that nobody uses, nor closes, ends by itself. */
const IDLE_LIMIT_S = 60;
/** Failures that may pass; a wrong key or an unknown name does not. */
const PASSING: readonly SshFailure[] = ["unreachable", "disconnected"];
const RETRY_PAUSE = { baseMs: 500, maxMs: 3_000 };

// The log file comes first, then ssh with its arguments. Older ssh go into the background with
// standard error open, and who reads it would wait for as long as the connection lasts.
const CONNECT = `
log=$1
shift
"$@" >/dev/null 2>"$log"
status=$?
cat -- "$log" >&2
exit "$status"
`;

/** A connection to one host, made when it is first needed and again when it was lost. */
export class SshConnection implements AsyncDisposable {
  /** Runs a program on the host; up to six at a time, others wait for their turn. */
  readonly run: Run;
  /** The same for programs that stay for long, up to two: they never keep the others waiting. */
  readonly watch: Run;
  readonly #destination: string;
  readonly #options: SshConnectionOptions;
  readonly #closed = new AbortController();
  #connecting: Promise<void> | null = null;

  /**
   * @param destination `[user@]hostname`, as in the CDF
   * @throws {HareError} when `destination` could be anything but a user and a host name
   */
  constructor(destination: string, options: SshConnectionOptions) {
    checkDestination(destination);
    this.#destination = destination;
    this.#options = options;
    this.run = this.#runIn(new Slots(SESSIONS.work));
    this.watch = this.#runIn(new Slots(SESSIONS.watch));
  }

  /** Closes the connection, and so whatever still runs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { run, controlPath } = this.#options;
    this.#closed.abort();
    await this.#connecting?.catch(() => {}); // whoever waited for it has been told
    if (!await this.#stands()) return;
    await run([
      "ssh",
      ...sshOptions(this.#options),
      ...socketOption(controlPath),
      ...["-O", "exit"],
      "--",
      this.#destination,
    ]);
  }

  #runIn(slots: Slots): Run {
    const session = runOverSsh(this.#destination, this.#options);
    return async (argv, options = {}) => {
      using _slot = await slots.take(options.signal);
      await this.#connected(options.signal);
      try {
        return await session(argv, options);
      } catch (error) {
        // A master that was killed leaves its socket.
        if (error instanceof SshError && error.kind !== "login-shell") await this.#forget();
        throw error;
      }
    };
  }

  async #connected(signal: AbortSignal | undefined): Promise<void> {
    if (this.#connecting === null && await this.#stands()) return;
    this.#connecting ??= this.#connect().finally(() => this.#connecting = null);
    await (signal === undefined ? this.#connecting : abortable(this.#connecting, signal));
  }

  async #connect(): Promise<void> {
    const { clock, random, patienceMs = 15_000 } = this.#options;
    const { signal } = this.#closed;
    const end = clock.monotonic() + patienceMs;
    for (let attempt = 1;; attempt++) {
      const { code, stderr } = await this.#openMaster(signal);
      if (code === 0) return;
      const error = sshError(code === SSH_FAILED ? stderr : `${stderr}ssh: exit status ${code}`);
      const pause = backoffMs(attempt, { ...RETRY_PAUSE, random });
      if (!PASSING.includes(error.kind) || clock.monotonic() + pause >= end) throw error;
      await clock.sleep(pause, signal);
    }
  }

  #openMaster(signal: AbortSignal) {
    const { run, controlPath, connectTimeoutS = 10 } = this.#options;
    return run([
      ...["sh", "-c", CONNECT, "hare-ssh", `${controlPath}.log`] as const,
      ...["ssh", ...sshOptions(this.#options)],
      ...["-M", "-N", "-f", ...socketOption(controlPath)],
      ...["-o", `ControlPersist=${IDLE_LIMIT_S}`],
      ...["--", this.#destination],
      // Logging in may take as long again as reaching the host.
    ], { signal, limitMs: 2 * connectTimeoutS * 1000, leavesDaemon: true });
  }

  async #stands(): Promise<boolean> {
    try {
      await Deno.stat(this.#options.controlPath);
      return true;
    } catch (error) {
      ignoreNotFound(error);
      return false;
    }
  }

  async #forget(): Promise<void> {
    await Deno.remove(this.#options.controlPath).catch(ignoreNotFound);
  }
}
