/**
 * Files that decide what this process runs: nobody but root and the process's own user may have put
 * them there, or may change them.
 *
 * A path is walked from the root, link by link, and every directory on the way is looked at: who may
 * write one of them decides what stands at the end. In a directory with the sticky bit, as `/tmp`,
 * nobody can move or remove what another has put there, so one of those may be passed through; but
 * anybody can add to it, so the file, and each link on the way, must not stand right in it.
 *
 * What is checked is what will be run: the result is the path without links, and only root and the
 * process's user could change anything on it afterwards.
 *
 * @module
 */

import { HareError, type HareErrorOptions, messageOf } from "./errors.ts";
import { dirname, join } from "./std/path.ts";

/** A file is not trusted, or cannot be looked at; the message says where and why. */
export class UntrustedFile extends HareError {
  override readonly name = "UntrustedFile";

  /** @param place the path that the message is about: the file's, or a directory's */
  constructor(readonly place: string, message: string, options: HareErrorOptions = {}) {
    super(message, options);
  }
}

/** A file that only root and this user could have put there. */
export interface TrustedFile {
  /** Its path, without links. */
  readonly path: string;
  readonly mode: number;
}

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * The file at `path`, with all links followed; `null` where there is none.
 *
 * @param path absolute
 * @throws {UntrustedFile} when somebody else may decide what it is, or it cannot be found out
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

/** Names the directory alone, so that one fault of it is one message, whatever was looked for. */
function cannotLook(directory: string): (error: unknown) => never {
  return (error) => {
    const why = messageOf(error).replace(/ \(os error \d+\).*$/s, "");
    throw new UntrustedFile(directory, `cannot look into ${directory}: ${why}`, { cause: error });
  };
}

/** One that may be passed through. */
function checkDirectory(path: string, info: Deno.FileInfo | null): void {
  checkOwner(path, info);
  if (((info?.mode ?? 0) & STICKY) === 0) checkMode(path, info);
}

/** A file, or a link, and the directory right above it. */
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
