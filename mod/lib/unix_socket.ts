/**
 * A listening Unix socket with a given mode. It replaces the socket of a killed program.
 *
 * @module
 */

import { HareError } from "./errors.ts";
import { ignoreNotFound } from "./files.ts";
import { basename, dirname } from "./std/path.ts";

/** Maximum length of a socket's path in the kernel. */
const MAX_PATH_BYTES = 107;

/** Whether the path is too long for a socket. */
export function isTooLong(path: string): boolean {
  return new TextEncoder().encode(path).length > MAX_PATH_BYTES;
}

/** A Unix socket to listen at. */
export interface SocketPath {
  /** Its path; the directory must exist. */
  readonly path: string;
  /** Permission bits: users with write permission may connect. */
  readonly mode: number;
}

/** A listening Unix socket; closing it removes its file. */
export class UnixSocket {
  readonly #listener: Deno.UnixListener;
  readonly #path: string;

  /**
   * Creates the socket under a temporary name and sets its mode there, so that no client connects
   * before the mode is set.
   *
   * @throws {HareError} when a file that is not a socket is at the path
   * @throws the errors of `Deno.listen`
   */
  constructor({ path, mode }: SocketPath) {
    refuseOther(path);
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    this.#path = path;
    this.#listener = withShortName(
      temporary,
      (path) => Deno.listen({ transport: "unix", path }),
    );
    try {
      Deno.chmodSync(temporary, mode);
      Deno.renameSync(temporary, path);
    } catch (error) {
      this.#listener.close();
      removeIfAny(temporary);
      throw error;
    }
  }

  /** Waits for a connection. */
  accept(): Promise<Deno.UnixConn> {
    return this.#listener.accept();
  }

  /** Stops listening, and removes the file. */
  close(): void {
    removeIfAny(this.#path);
    this.#listener.close();
  }
}

/**
 * Whether a program listens at a socket.
 *
 * @throws {HareError} when the path has something else than a socket
 */
export async function isListenedAt(path: string): Promise<boolean> {
  refuseOther(path);
  try {
    const connecting = withShortName(path, (path) => Deno.connect({ transport: "unix", path }));
    (await connecting).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

/**
 * Names a socket by its last path component, from within its directory, if the whole path is too
 * long for the kernel.
 *
 * @param act uses the name at once, before it returns
 */
function withShortName<T>(path: string, act: (name: string) => T): T {
  if (!isTooLong(path)) return act(path);
  const before = Deno.cwd();
  Deno.chdir(dirname(path));
  try {
    return act(basename(path));
  } finally {
    Deno.chdir(before);
  }
}

function refuseOther(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket === true) return;
  } catch (error) {
    return ignoreNotFound(error);
  }
  throw new HareError(`there is a ${path} that is no socket`, { hint: "move it away" });
}

function removeIfAny(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    ignoreNotFound(error);
  }
}
