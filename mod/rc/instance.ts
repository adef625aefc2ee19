/**
 * One coordinator a node. A second one would register the same service, keep the check of the first
 * one's session passing when that has died, and take the session for its own predecessor's.
 *
 * A lock file keeps a second one of the same host away before it asks Consul anything. What gets past
 * it (another file, another container) is found at the agent: the registration of a coordinator says
 * which process it is, and which lock file that process holds for as long as it lives.
 *
 * @module
 */

import * as z from "zod";
import { HareError, messageOf } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";
import { lockFile } from "../lib/lock_file.ts";
import { dirname } from "../lib/std/path.ts";

/** The lock file of the unit's coordinator; the unit's runtime directory is there. */
export const RC_LOCK_FILE = "/run/hare/rc/lock";

/** A process that is a node's coordinator. */
export interface Instance {
  /** Random. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** When it began, for people: ISO 8601. */
  readonly since: string;
  /** The file that it has locked: host, device and inode. Who locks the same file has outlived it. */
  readonly lock: string;
}

/** What `hare rc` is told about the process that runs. */
const noteSchema = jsonText(z.object({ pid: z.number(), since: z.string() }));

/**
 * Makes this process the only coordinator of those that use the same lock file.
 *
 * @param now of the wall clock
 * @returns what gives the lock back when disposed of
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
