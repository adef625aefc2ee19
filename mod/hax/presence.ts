/**
 * Whether a recorded process is there, asked of the kernel without a fork.
 *
 * @module
 */

import type { Run } from "../lib/process.ts";
import type { BootRecord } from "./records.ts";

/** What became of a recorded process. */
export type Presence = "there" | "gone" | "before this boot";

/** Tells whether a process with this pid is there. */
export type PidExists = (pid: number) => boolean;

/** What {@linkcode presenceOf} stands on. */
export interface PresenceDeps {
  readonly pidExists: PidExists;
  /** Id of this machine's boot; `null` where it cannot be told. */
  readonly boot: string | null;
}

/**
 * Whether the process of `record` is there. Pids begin anew with each boot, so that a record of an
 * earlier boot says nothing of the process that has its pid now.
 */
export function presenceOf(record: BootRecord, deps: PresenceDeps): Presence {
  if (record.boot !== null && deps.boot !== null && record.boot !== deps.boot) {
    return "before this boot";
  }
  return record.pid === null || deps.pidExists(record.pid) ? "there" : "gone";
}

/**
 * Whether process `pid` is there and has not ended. A process that ended and that its parent has
 * not yet taken note of (a zombie) is still in `/proc`, but has no program any more.
 *
 * It asks synchronously: the kernel answers from memory.
 */
export function pidExists(pid: number): boolean {
  try {
    Deno.statSync(`/proc/${pid}/exe`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.PermissionDenied) return true; // another user's
    throw error;
  }
}

/** Id of this machine's boot, or `null` where the kernel does not tell. */
export async function readBootId(run: Run, signal: AbortSignal): Promise<string | null> {
  // Read by a program: Deno grants this directory to none that has not every permission.
  const { code, stdout } = await run(["cat", "/proc/sys/kernel/random/boot_id"], { signal });
  return code === 0 ? stdout.trim() : null;
}
