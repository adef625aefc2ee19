/**
 * Ensures one coordinator per node. A second coordinator would register the same service, keep the
 * check of the first coordinator's session passing after the first has died, and treat that session
 * as its own predecessor's.
 *
 * A lock file stops a second coordinator on the same host before it contacts Consul. A coordinator
 * with another lock file (for example in a container) detects the first one at the agent: a
 * registration names the coordinator's process, and the lock file that the process holds during its
 * life.
 *
 * @module
 */

import * as z from "zod";
import { HareError, messageOf } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";
import { lockFile } from "../lib/lock_file.ts";
import { dirname } from "../lib/std/path.ts";

/** The lock file of the unit's coordinator, in the unit's runtime directory. */
export const RC_LOCK_FILE = "/run/hare/rc/lock";

/** The process of a node's coordinator. */
export interface Instance {
  /** A random id. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** Start time, for people: ISO 8601. */
  readonly since: string;
  /**
   * The locked file: host, device and inode. When another process locks the same file, this process
   * has ended.
   */
  readonly lock: string;
}

/** The lock file's content: it describes the running process to a second `hare rc`. */
const noteSchema = jsonText(z.object({ pid: z.number(), since: z.string() }));

/**
 * Makes this process the only coordinator that uses this lock file.
 *
 * @param now time of the wall clock
 * @returns the lock, which is released when disposed
 * @throws {HareError} when another process has the lock, or the file cannot be used
 */
export async function becomeInstance(
  path: string,
  now: Date,
): Promise<Disposable & { readonly instance: Instance }> {
  const file = await lockedFile(path);
  try {
    const since = now.toISOString();
    await file.truncate(0);
    await file.write(new TextEncoder().encode(JSON.stringify({ pid: Deno.pid, since }) + "\n"));
    const { dev, ino } = await file.stat();
    const host = Deno.hostname();
    const lock = `${host}/${dev}:${ino}`;
    const instance = { id: crypto.randomUUID(), pid: Deno.pid, host, since, lock };
    return { instance, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw cannotUse(path, error);
  }
}

async function lockedFile(path: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile | null;
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o750 });
    file = await lockFile(path);
  } catch (error) {
    throw cannotUse(path, error);
  }
  if (file !== null) return file;
  throw new HareError(`a recovery coordinator runs on this node already: ${await holderOf(path)}`, {
    hint: "unit hare-rc runs it; `hare rc status` shows what it does",
  });
}

async function holderOf(path: string): Promise<string> {
  const note = noteSchema.safeParse(await Deno.readTextFile(path).catch(() => ""));
  return note.success
    ? `process ${note.data.pid}, since ${note.data.since}`
    : `a process that holds ${path}`;
}

function cannotUse(path: string, error: unknown): HareError {
  return new HareError(
    `cannot lock ${path}, which one coordinator a node does: ${messageOf(error)}`,
    {
      hint: "`hare rc` is run by unit hare-rc; where it is run by hand, --lock names another file",
      cause: error,
    },
  );
}
