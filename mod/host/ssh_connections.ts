/**
 * The connections of one command to its hosts, in a directory of its own that goes with it.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import { HareError, messageOf } from "../lib/errors.ts";
import { makeDirectory } from "../lib/files.ts";
import type { Run } from "../lib/process.ts";
import { SshConnection } from "./ssh_connection.ts";

/** What {@linkcode SshConnections} needs. */
export interface SshConnectionsOptions {
  /** How ssh itself is started: on this machine. */
  readonly run: Run;
  readonly env: (name: string) => string | undefined;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
}

/** Where root's sockets are; everybody else has a directory of their own at `XDG_RUNTIME_DIR`. */
const RUN_DIRECTORY = "/run/hare";

/** One {@linkcode SshConnection} a host. */
export class SshConnections implements AsyncDisposable {
  readonly #options: SshConnectionsOptions;
  readonly #directory: string;
  readonly #connections = new Map<string, SshConnection>();

  private constructor(directory: string, options: SshConnectionsOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /**
   * Makes the directory, which nobody else may enter.
   *
   * @throws {HareError} when it cannot be made
   */
  static async open(options: SshConnectionsOptions): Promise<SshConnections> {
    const above = options.env("XDG_RUNTIME_DIR") || RUN_DIRECTORY;
    const directory = `${above}/hare-ssh-${crypto.randomUUID().slice(0, 8)}`;
    try {
      await makeDirectory(above, 0o755);
      await Deno.mkdir(directory, { mode: 0o700 });
    } catch (error) {
      throw new HareError(`cannot make a directory for ssh's sockets: ${messageOf(error)}`, {
        hint: "set XDG_RUNTIME_DIR to a directory of your own, with a short name",
        cause: error,
      });
    }
    return new SshConnections(directory, options);
  }

  /**
   * The connection to a host, which is made when it is first used.
   *
   * @param destination `[user@]hostname`, as in the CDF
   * @throws {HareError} when `destination` could be anything but a user and a host name
   */
  to(destination: string): SshConnection {
    const known = this.#connections.get(destination);
    if (known !== undefined) return known;
    const controlPath = `${this.#directory}/${this.#connections.size}`;
    const connection = new SshConnection(destination, { ...this.#options, controlPath });
    this.#connections.set(destination, connection);
    return connection;
  }

  /** Closes all connections and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#connections.values().map((each) => each[Symbol.asyncDispose]()));
    await Deno.remove(this.#directory, { recursive: true });
  }
}
