/**
 * Real Motr on test hosts, as its package would bring it: programs, libraries, and the units of its
 * mkfs and its server, which read the files that Hare writes.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { HAX_UNIT } from "../../mod/host/places.ts";
import { basename, dirname } from "../../mod/lib/std/path.ts";
import { outputOf } from "../../tools/exec.ts";
import type { TestHost } from "../hosts/mod.ts";
import { DISK_GLOB } from "../hosts/units.ts";

const { units, dataDirectory, processFile, confdFile } = TARGETS.motr;

const PREFIX = "/opt/motr";
/** Where Motr's programs are on a host. */
export const BIN = `${PREFIX}/bin`;
const RUN = `${PREFIX}/run`;

const PROGRAMS = ["m0d", "m0mkfs", "m0cp", "m0cat"];

/** The smallest that a real io server takes. */
const DISK_SIZE = "4G";

// Arguments: the program, the instance's fid, then more of the program's.
const START = `#!/bin/sh
program=$1 directory=$MOTR_M0D_DATA_DIR/m0d-$2
shift 2
mkdir -p "$directory" && cd "$directory" || exit
type=ad segment=1073741824
[ -z "$MOTR_CONF_XC" ] || type=linux segment=536870912
[ "$program" = m0d ] || set -- "$@" -F -u "$MOTR_NODE_UUID" -z "$segment"
[ -z "$MOTR_CONF_XC" ] || set -- "$@" -c "$MOTR_CONF_XC"
exec ${BIN}/$program -e "libfab:$MOTR_M0D_EP" -f "<$MOTR_PROCESS_FID>" -H "$MOTR_HA_EP" \\
  -T "$type" -S stobs -A linuxstob:addb-stobs -D db -m 65536 -q 16 -w 4 -U "$@"
`;

const KERNEL = `\
[Unit]
Description=Motr's kernel module, of which a libfabric cluster needs nothing

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
`;

const ON_KERNEL = `\
Requires=${units.kernel}.service
After=${units.kernel}.service

[Service]
EnvironmentFile=${processFile("%i")}
`;

const MKFS = `\
[Unit]
Description=Motr's mkfs, %i
${ON_KERNEL}Type=oneshot
ExecStart=${RUN} m0mkfs %i
`;

// As Motr's own it has no [Install]. Unlike that it is restarted, in a time in which all see that it
// is gone.
const SERVER = `\
[Unit]
Description=Motr's server, %i
${ON_KERNEL}Type=notify
Restart=on-failure
RestartSec=10
ExecStart=${RUN} m0d %i
`;

const UNITS = {
  [units.kernel]: KERNEL,
  [units.mkfs("")]: MKFS,
  [units.server("")]: SERVER,
};

/** Puts Motr onto hosts in place of the stand-ins, and gives them disks that real io servers take. */
export async function putMotr(hosts: readonly TestHost[], motr: string): Promise<void> {
  const programs = PROGRAMS.map((name) => `${motr}/bin/${name}`);
  const libraries = await librariesOf([...programs, `${motr}/lib/libmotr.so`], `${motr}/lib`);
  for (const host of hosts) {
    for (const from of programs) {
      await host.put({ from, to: `${BIN}/${basename(from)}`, mode: "0755" });
    }
    for (const [name, from] of libraries) {
      // The hosts are the same Debian as this machine: what they have themselves fits.
      const { code } = await host.run(["test", "-e", from]);
      if (code !== 0) await host.put({ from, to: `${PREFIX}/lib/${name}` });
    }
    await host.write("/etc/ld.so.conf.d/motr.conf", `${PREFIX}/lib\n`);
    await host.output(["ldconfig"]);
    await host.write(RUN, START, "0755");
    for (const [name, text] of Object.entries(UNITS)) {
      await host.write(`/usr/lib/systemd/system/${name}.service`, text);
    }
    await host.output(["mkdir", "-p", dataDirectory, dirname(processFile("")), dirname(confdFile)]);
    await host.output(["rm", `/etc/systemd/system/${HAX_UNIT}.service.d/stand-in.conf`]);
    await host.output(["sh", "-c", `truncate --size ${DISK_SIZE} ${DISK_GLOB}`]);
    await host.output(["systemctl", "daemon-reload"]);
  }
}

/** The libraries that programs need, by their names. */
async function librariesOf(
  files: readonly string[],
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const lines = await outputOf(["ldd", ...files], { env: { LD_LIBRARY_PATH: directory } });
  const found = lines.matchAll(/^\s*(\S+) => (\/\S+) \(/gm);
  return new Map(
    [...found].map(([, name = "", path = ""]) => [name, path] as const),
  ).set("libmotr.so", `${directory}/libmotr.so`);
}
