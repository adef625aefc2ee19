/**
 * Files on this machine, written whole or not at all: temporary name beside the target, fsync,
 * rename.
 *
 * @module
 */

import { fileError } from "./io_error.ts";
import { join } from "./std/path.ts";

/** Options of {@linkcode writeFileAtomic}. */
export interface WriteFileOptions {
  /** Permission bits. {@default 0o644} */
  readonly mode?: number;
  /** Owner and group, if this process may change them. {@default this process's} */
  readonly owner?: { readonly uid: number | null; readonly gid: number | null } | undefined;
}

/**
 * Replaces `path` by a file with `content`. A reader sees the old file or the new one, also after
 * a crash. The directory must exist.
 *
 * @throws {HareError} when the write fails; the old file is then unchanged, and no temporary file
 * is left
 */
export async function writeFileAtomic(
  path: string,
  content: string,
  options: WriteFileOptions = {},
): Promise<void> {
  const temporary = namedBeside(path, "tmp");
  try {
    await writeTemporary(temporary, content, options);
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeQuietly(temporary);
    throw fileError("write", path, error);
  }
}

/**
 * Replaces several files of a directory, all of them or none: where one cannot be written, the
 * others are left or put back as they were.
 *
 * @param files contents by file name
 * @throws {HareError} when one of them cannot be written
 */
export async function writeFilesAtomic(
  directory: string,
  files: Readonly<Record<string, string>>,
  options: WriteFileOptions = {},
): Promise<void> {
  const steps = Object.entries(files).map(([name, content]) => {
    const path = join(directory, name);
    return { path, content, temporary: namedBeside(path, "tmp"), former: namedBeside(path, "old") };
  });
  const undo: (() => Promise<void>)[] = [];
  let at = directory;
  try {
    for (const { path, temporary, content } of steps) {
      at = path;
      await writeTemporary(temporary, content, options);
    }
    for (const { path, temporary, former } of steps) {
      at = path;
      const existed = await copyIfAny(path, former);
      await Deno.rename(temporary, path);
      undo.unshift(() => existed ? Deno.rename(former, path) : Deno.remove(path));
    }
  } catch (error) {
    for (const step of undo) await step();
    throw fileError("write", at, error);
  } finally {
    for (const { temporary, former } of steps) {
      await removeQuietly(temporary);
      await removeQuietly(former);
    }
  }
}

function namedBeside(path: string, suffix: string): string {
  return `${path}.${crypto.randomUUID().slice(0, 8)}.${suffix}`;
}

async function writeTemporary(
  path: string,
  content: string,
  { mode = 0o644, owner }: WriteFileOptions,
): Promise<void> {
  // The mode is set before the first byte is written: a secret is never readable meanwhile.
  // Not with `file.writable`: a failed stream closes its file, and the second close would throw
  // "Bad resource ID" in place of the failure.
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  if (owner !== undefined) await chownIfAllowed(path, owner);
  await Deno.chmod(path, mode);
  let bytes = new TextEncoder().encode(content);
  while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
  await file.sync();
}

async function chownIfAllowed(
  path: string,
  { uid, gid }: NonNullable<WriteFileOptions["owner"]>,
): Promise<void> {
  try {
    await Deno.chown(path, uid, gid);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code !== "EPERM") throw error; // only root may give files away
  }
}

/** For cleanup after a reported failure: the file may not exist, or may not be removable. */
async function removeQuietly(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** Whether there was a file to copy. */
async function copyIfAny(from: string, to: string): Promise<boolean> {
  try {
    await Deno.copyFile(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The text of a file, or `null` where there is none.
 */
export async function readTextFileIfAny(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Whether a path leads to nothing: something on the way may be missing, or be no directory. */
export function isNothingThere(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** For `.catch`: a file that is not there is as good as removed. */
export function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Makes a directory with this mode, unless it exists. The umask has no effect: root's umask must
 * not keep a daemon's user out of the daemon's directory.
 *
 * @param path its parent must exist
 * @throws the file system's errors
 */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await Deno.mkdir(path, { mode });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  await Deno.chmod(path, mode);
}
