/**
 * Mero as a test host has it: the units of its kernel module, its mkfs and its server. The latter
 * two are Hare's stand-ins, which read the per-process files and can be told to fail.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { HARE_PROGRAM, HAX_OPTIONS, HAX_SOCKET, HAX_UNIT } from "../../mod/host/places.ts";
import { dirname } from "../../mod/lib/std/path.ts";

const MERO = TARGETS.mero;

/** Disks of every host: sparse files. */
const DISKS = 4;
const DISK_SIZE = 2 ** 26;

/** The glob that a CDF names for a host's disks. */
export const DISK_GLOB = "/var/disks/disk*";

/** The file with which the processes of a fid are told to fail (mod/dev/stand_in.ts). */
export function failFile(fid: string): string {
  return `${dataDirectory(fid)}.fail`;
}

/** Where a process has its data. */
export function dataDirectory(fid: string): string {
  return `${MERO.dataDirectory}/m0d-${fid}`;
}

const KERNEL = `\
[Unit]
Description=Stand-in for Mero's kernel module

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
`;

/** A stand-in of this role, for the instance's fid. */
function standIn(role: "m0d" | "mkfs"): string {
  return `${HARE_PROGRAM} dev stand-in ${role} --process-file ${MERO.processFile("%i")} ` +
    `--target ${MERO.name} --data-dir ${dataDirectory("%i")} ` +
    `--hax ${HAX_SOCKET}`;
}

const ON_KERNEL = `\
Requires=${MERO.units.kernel}.service
After=${MERO.units.kernel}.service
`;

const MKFS = `\
[Unit]
Description=Stand-in for Mero's mkfs, %i
${ON_KERNEL}
[Service]
Type=oneshot
ExecStart=${standIn("mkfs")}
`;

/** Without `[Install]`, like Motr's: what starts it at boot is Hare's. */
const SERVER = `\
[Unit]
Description=Stand-in for Mero's server, %i
${ON_KERNEL}
[Service]
ExecStart=${standIn("m0d")}
TimeoutStopSec=10
`;

/** These hosts have no library of Mero's, and the stand-ins talk to hax over HTTP. */
const WITHOUT_LINK = `\
[Service]
Environment=${HAX_OPTIONS}=--no-halink
`;

/** Writes units, directories and disks under the root of a host. */
export async function writeMero(root: string): Promise<void> {
  const units = {
    [MERO.units.kernel]: KERNEL,
    [MERO.units.mkfs("")]: MKFS,
    [MERO.units.server("")]: SERVER,
  };
  const directory = `${root}/usr/lib/systemd/system`;
  await Deno.mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(units)) {
    await Deno.writeTextFile(`${directory}/${name}.service`, text);
  }
  const dropIns = `${root}/etc/systemd/system/${HAX_UNIT}.service.d`;
  await Deno.mkdir(dropIns, { recursive: true });
  await Deno.writeTextFile(`${dropIns}/stand-in.conf`, WITHOUT_LINK);
  // Mero's packages bring these.
  for (const path of [MERO.dataDirectory, dirname(MERO.processFile("")), dirname(MERO.confdFile)]) {
    await Deno.mkdir(`${root}${path}`, { recursive: true });
  }
  await Deno.mkdir(`${root}${dirname(DISK_GLOB)}`, { recursive: true });
  for (let i = 0; i < DISKS; i++) {
    const path = `${root}${DISK_GLOB.replace("*", `${i}`)}`;
    await Deno.writeTextFile(path, "");
    await Deno.truncate(path, DISK_SIZE);
  }
}
