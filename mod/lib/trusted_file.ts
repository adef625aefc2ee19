/**
 * Checks files that control what this process runs: only root and the process's own user may be
 * able to create or change such files.
 *
 * The check follows the path from the root, link by link, and checks every directory: a user with
 * write access to one of them controls which file the path names. In a directory with the sticky
 * bit, for example `/tmp`, users cannot move or remove files of other users, so the path may lead
 * through it. But every user can add files there, so the file itself, and each link of the path,
 * must not be directly in such a directory.
 *
 * The checked file is the file that runs: the result is the path without links, and only root and
 * the process's user can change any part of that path afterwards.
 *
 * @module
 */

import { HareError, type HareErrorOptions, messageOf } from "./errors.ts";
import { dirname, join } from "./std/path.ts";

/** A file is not trusted, or cannot be checked; the message names the place and the reason. */
export class UntrustedFile extends HareError {
  override readonly name = "UntrustedFile";

  /** @param place the path that the message names: of the file, or of a directory */
  constructor(readonly place: string, message: string, options: HareErrorOptions = {}) {
    super(message, options);
  }
}

/** A file that only root and this user can create or change. */
export interface TrustedFile {
  /** Its path, without links. */
  readonly path: string;
  readonly mode: number;
}

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** Maximum number of links, as in Linux. */
const MAX_LINKS = 40;

/**
 * The file at `path`, with all links followed; `null` if there is none.
 *
 * @param path absolute
 * @throws {UntrustedFile} when another user may control the file, or the check fails
 */
export async function trustedFile(path: string): Promise<TrustedFile | null> {
  const rest = path.split("/").filter((part) => part !== "");
  let directory = "/";
  let info = await look(directory, directory);
  for (let links = 0; rest.length > 0;) {
    checkDirectory(directory, info);
    const [name = "", ...others] = rest;
    const entry = name === ".." ? dirname(directory) : join(directory, name);
    const found = await look(entry, directory);
    if (found === null) {
      if (links === 0) return null;
      throw new UntrustedFile(path, `${path} leads to ${entry}, which is not there`);
    }
    rest.splice(0, rest.length, ...others);
    if (found.isSymlink) {
      if (++links > MAX_LINKS) {
        throw new UntrustedFile(path, `${path} leads through too many links`);
      }
      checkEntry(entry, found, directory, info);
      const target = await Deno.readLink(entry).catch(cannotLook(directory));
      rest.unshift(...target.split("/").filter((part) => part !== "" && part !== "."));
      if (!target.startsWith("/")) continue;
      [directory, info] = ["/", await look("/", "/")];
    } else if (found.isDirectory) {
      [directory, info] = [entry, found];
    } else {
      if (rest.length > 0) throw new UntrustedFile(entry, `${entry} is no directory`);
      if (!found.isFile) throw new UntrustedFile(entry, `${entry} is no ordinary file`);
      checkEntry(entry, found, directory, info);
      checkMode(entry, found);
      return { path: entry, mode: found.mode ?? 0 };
    }
  }
  throw new UntrustedFile(path, `${path} is a directory`);
}

async function look(path: string, directory: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    return cannotLook(directory)(error);
  }
}

/**
 * Names only the directory, so that a problem of a directory has the same message for all files.
 */
function cannotLook(directory: string): (error: unknown) => never {
  return (error) => {
    const why = messageOf(error).replace(/ \(os error \d+\).*$/s, "");
    throw new UntrustedFile(directory, `cannot look into ${directory}: ${why}`, { cause: error });
  };
}

/** A directory that a path may lead through. */
function checkDirectory(path: string, info: Deno.FileInfo | null): void {
  checkOwner(path, info);
  if (((info?.mode ?? 0) & STICKY) === 0) checkMode(path, info);
}

/** A file or a link, and its parent directory. */
function checkEntry(
  path: string,
  info: Deno.FileInfo,
  directory: string,
  above: Deno.FileInfo | null,
): void {
  checkOwner(path, info);
  checkMode(directory, above);
}

function checkOwner(path: string, info: Deno.FileInfo | null): void {
  const owner = info?.uid ?? null;
  if (owner === 0 || owner === Deno.uid()) return;
  throw new UntrustedFile(
    path,
    `${path} belongs to user ${owner}, who is neither root nor this user`,
    {
      hint: `look what it is; then chown root ${path}`,
    },
  );
}

function checkMode(path: string, info: Deno.FileInfo | null): void {
  if (((info?.mode ?? 0) & WRITABLE_BY_OTHERS) === 0) return;
  throw new UntrustedFile(path, `${path} may be written by others than its owner`, {
    hint: `look what it is; then chmod go-w ${path}`,
  });
}
