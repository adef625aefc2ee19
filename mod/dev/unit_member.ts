/**
 * Determines a process's unit in a development cluster from the mark in its environment. With
 * systemd, control groups give this proof.
 *
 * @module
 */

import type { IsOfUnit } from "../hax/presence.ts";
import { unitsOf } from "../hax/unit_member.ts";
import type { ProcFiles } from "../lib/proc_file.ts";
import { MARK, parseMark } from "./processes.ts";

/**
 * {@linkcode IsOfUnit} for the host that the reader of this mark belongs to.
 *
 * @param own the reader's own mark
 */
export function isOfDevUnit(proc: ProcFiles, own: string): IsOfUnit {
  const host = parseMark(own);
  const isThere = (pid: number) => proc.read(pid, "stat") !== null;
  return (pid, fid) => {
    const environment = proc.read(pid, "environ");
    if (environment === null) return isThere(pid) ? false : null; // another user's process, or none
    const variable = environment.split("\0").find((text) => text.startsWith(`${MARK}=`));
    const mark = parseMark(variable?.slice(MARK.length + 1) ?? "");
    return host !== null && mark !== null && mark.role === "main" && mark.id === host.id &&
      mark.dir === host.dir && mark.host === host.host && unitsOf(fid).includes(mark.unit);
  };
}
