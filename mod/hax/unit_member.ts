/**
 * Determines a process's systemd unit from its control group. The kernel maintains control groups,
 * and only root can change them.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { ProcFiles } from "../lib/proc_file.ts";
import type { IsOfUnit } from "./presence.ts";

/** Names of the units that run a Mero process: its server and its mkfs, of each target. */
export function unitsOf(fid: Fid): readonly string[] {
  const instance = formatFid(fid);
  return Object.values(TARGETS).flatMap(({ units }) => [
    units.server(instance),
    units.mkfs(instance),
  ]);
}

/** {@linkcode IsOfUnit} for machines with systemd. */
export function isOfSystemdUnit(proc: ProcFiles): IsOfUnit {
  return (pid, fid) => {
    const cgroup = proc.read(pid, "cgroup");
    if (cgroup === null) return proc.read(pid, "stat") === null ? null : false;
    const unit = unitIn(cgroup);
    return unitsOf(fid).some((name) => unit === `${name}.service`);
  };
}

/**
 * The service of a process, from its `cgroup` file; `null` if it belongs to none.
 *
 * @example
 * ```ts
 * import { unitIn } from "./unit_member.ts";
 *
 * const unit = unitIn("0::/system.slice/system-m0d.slice/m0d@0x7200000000000001:0x9.service\n");
 * if (unit !== "m0d@0x7200000000000001:0x9.service") throw new Error(`${unit}`);
 * ```
 */
export function unitIn(cgroup: string): string | null {
  const paths = cgroup.split("\n").flatMap((line) => {
    const [, controllers, path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === "name=systemd" || controllers === "" ? [path] : [];
  });
  // A user's systemd also has services, with any names; they are below that user's own service.
  return paths.map((path) => path.split("/").find((part) => part.endsWith(".service")))
    .find((unit) => unit !== undefined) ?? null;
}
