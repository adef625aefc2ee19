/**
 * Failures of files and streams, in the wording of the system's own tools.
 *
 * @module
 */

import { HareError, messageOf } from "./errors.ts";

/** By the system's name of the error. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBADF: "it is closed",
  EDQUOT: "disk quota exceeded",
  EEXIST: "it exists already",
  EFBIG: "file too large",
  EIO: "input/output error",
  EISDIR: "it is a directory",
  ELOOP: "too many levels of symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "file name too long",
  ENFILE: "too many open files in the system",
  ENODEV: "no such device",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENXIO: "no such device or address",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
  ESTALE: "stale file handle",
  ETXTBSY: "it is a program that runs",
};

/** Why a file or a stream cannot be used, in a short phrase. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "hare cannot use files in /dev, /proc and /sys";
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  // Deno adds the operation, but the surrounding message already names it.
  const said = messageOf(error).replace(/ \(os error \d+\).*$|: \w+ '.*'$/s, "");
  return said.replace(/^./, (c) => c.toLowerCase());
}

/**
 * The error about a file: `cannot write /etc/x: no space left on device`. An error that already has
 * this form is returned unchanged.
 *
 * @param what the operation, for example `write`
 */
export function fileError(what: string, path: string, error: unknown): HareError {
  if (error instanceof HareError) return error;
  return new HareError(`cannot ${what} ${path}: ${reasonOf(error)}`, { cause: error });
}

/** Whether the system has refused an operation: the error is not a bug of the program. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Deno.errors.NotCapable ||
    (error instanceof Error && "code" in error && /^E[A-Z]+$/.test(String(error.code)));
}

/**
 * A system error without context: `mkdir /srv/x: permission denied`. Deno's message ends with the
 * operation and the file.
 */
export function systemErrorText(error: Error): string {
  const [, what, path] = /: (\w+) '(.*)'$/s.exec(error.message) ?? [];
  return what === undefined ? reasonOf(error) : `${what} ${path}: ${reasonOf(error)}`;
}

/** Whether the other end of a connection caused the error, or the connection is closed. */
export function isDisconnect(error: unknown): boolean {
  return [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionAborted,
    Deno.errors.ConnectionReset,
    Deno.errors.Interrupted,
    Deno.errors.NotConnected,
    Deno.errors.TimedOut,
    Deno.errors.UnexpectedEof,
  ].some((kind) => error instanceof kind);
}
