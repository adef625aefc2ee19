/**
 * Whether a recorded process is there, asked of the kernel without a fork.
 *
 * A pid alone does not identify a process: the kernel reuses pids. A process is identified by its
 * pid, its start time, and the boot of the machine.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { Fid } from "../lib/fid.ts";
import type { ProcFiles } from "../lib/proc_file.ts";
import type { Run } from "../lib/process.ts";
import type { BootRecord } from "./transition.ts";

/** What became of a recorded process. */
export type Presence = "there" | "gone" | "before this boot";

/**
 * The start time of the process with this pid, in the kernel's ticks since the boot; `null` if no
 * such process runs.
 */
export type StartOf = (pid: number) => number | null;

/**
 * Whether the process with this pid belongs to a unit of this Mero process; `null` if this is
 * unknown.
 */
export type IsOfUnit = (pid: number, fid: Fid) => boolean | null;

/** Dependencies of {@linkcode presenceOf}. */
export interface PresenceDeps {
  readonly startOf: StartOf;
  readonly isOfUnit: IsOfUnit;
  /** Id of this machine's boot; `null` where it cannot be told. */
  readonly boot: string | null;
}

/**
 * Whether the process of `record` still runs. A different process with the same pid is detected by
 * its start time, or by its unit if an earlier version of hax has recorded no start time.
 */
export function presenceOf(fid: Fid, record: BootRecord, deps: PresenceDeps): Presence {
  if (record.boot !== null && deps.boot !== null && record.boot !== deps.boot) {
    return "before this boot";
  }
  if (record.pid === null) return "there";
  const start = deps.startOf(record.pid);
  if (start === null) return "gone";
  const isSame = record.start === null
    ? deps.isOfUnit(record.pid, fid) !== false
    : record.start === start;
  return isSame ? "there" : "gone";
}

/**
 * {@linkcode StartOf} of this machine. A zombie, which has ended but which its parent has not
 * reaped, counts as ended.
 */
export function startOfIn(proc: ProcFiles): StartOf {
  return (pid) => {
    const stat = proc.read(pid, "stat");
    return stat === null ? null : startIn(stat);
  };
}

/** The start time in a process's `stat`: `pid (name) state …`; the name may have any characters. */
export function startIn(stat: string): number | null {
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const start = Number(fields[18]);
  return "ZXx".includes(state) || !Number.isSafeInteger(start) ? null : start;
}

/**
 * Verifies that processes of other users are visible. Otherwise all of Mero's servers would seem
 * dead to hax.
 *
 * @throws {HareError} when they are not visible
 */
export function mustSeeProcesses(startOf: StartOf): void {
  if (startOf(1) !== null) return;
  throw new HareError("cannot see the processes of other users in /proc", {
    hint: "/proc is mounted with hidepid: add its group (gid=) to hax's unit, SupplementaryGroups=",
  });
}

/** Id of this machine's boot, or `null` where the kernel does not tell. */
export async function readBootId(run: Run, signal: AbortSignal): Promise<string | null> {
  // Read by a program: Deno grants this directory to none that has not every permission.
  const { code, stdout } = await run(["cat", "/proc/sys/kernel/random/boot_id"], { signal });
  return code === 0 ? stdout.trim() : null;
}
