/**
 * The configured cluster as plain data, for the rooms that bring it up and watch it. The same
 * facts in Mero's own terms are in `conf/`.
 *
 * @module
 */

import { type Fid, makeFid } from "../mod/lib/fid.ts";
import type { Conf } from "./conf/build.ts";
import type { HostObjects } from "./conf/hosts.ts";
import type { Drive, Process } from "./conf/objects.ts";
import type { Role } from "./target.ts";

/** A whole cluster. */
export interface ClusterLayout {
  /** In the order of the CDF. */
  readonly hosts: readonly HostLayout[];
  /** The CDF's pools, in its order; neither the metadata pool nor the one for DIX. */
  readonly pools: readonly PoolLayout[];
  /** The profile that all pools belong to. */
  readonly profile: Fid;
}

/** One host. */
export interface HostLayout {
  /** `[user@]hostname` as the CDF has it. */
  readonly name: string;
  /** The host's own `hostname` fact: its name in Consul. */
  readonly node: string;
  /** The address of Mero's services. */
  readonly ip: string;
  /** It runs a confd, and so a Consul server. */
  readonly isServer: boolean;
  /** hax first, then the servers in the order of the CDF, then the clients. */
  readonly processes: readonly ProcessLayout[];
}

/** One Mero process. */
export interface ProcessLayout {
  readonly role: Role;
  readonly fid: Fid;
  /** Key of `fid`. */
  readonly fidk: number;
  readonly endpoint: string;
  /** Service types, lower case, as in the KV: `rms`, `confd`, `ios`, … */
  readonly types: readonly string[];
  /** Disks it serves, in the order of the facts. */
  readonly disks: readonly DiskLayout[];
}

/** One disk. */
export interface DiskLayout {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly blksize: number;
  /** Fid of the storage device. */
  readonly sdev: Fid;
  /** Fid of the drive. */
  readonly drive: Fid;
}

/** One pool of the CDF. */
export interface PoolLayout {
  readonly name: string;
  readonly fid: Fid;
  readonly pver: Fid;
  /** N. */
  readonly dataUnits: number;
  /** K. */
  readonly parityUnits: number;
  /** S; in target mero as many as K. */
  readonly spareUnits: number;
  /** P: the number of drives. */
  readonly width: number;
  readonly tolerance: Tolerance;
  /** The pool's disks by the process that serves them. */
  readonly members: readonly PoolMember[];
}

/** The disks of a pool that one process serves. */
export interface PoolMember {
  readonly node: string;
  readonly process: Fid;
  readonly disks: readonly DiskLayout[];
}

/** How many failures a pool version bears: sites, racks, enclosures, controllers, drives. */
export type Tolerance = readonly [
  site: number,
  rack: number,
  encl: number,
  ctrl: number,
  disk: number,
];

/** Where a drive belongs. */
interface Owner {
  readonly node: string;
  readonly process: ProcessLayout;
  readonly disk: DiskLayout;
}

/** The layout of a configuration. */
export function layoutOf(conf: Conf): ClusterLayout {
  const owners = new Map<Drive, Owner>();
  return {
    hosts: conf.hosts.map((objects) => hostLayout(objects, owners)),
    pools: conf.pools.map(({ cdf, pool, pver, drives }) => ({
      name: cdf.name,
      fid: makeFid("pool", pool.key),
      pver: makeFid("pver", pver.key),
      dataUnits: pver.dataUnits,
      parityUnits: pver.parityUnits,
      spareUnits: pver.spareUnits,
      width: pver.width,
      tolerance: pver.tolerance,
      members: membersOf(drives, owners),
    })),
    profile: makeFid("profile", conf.profile.key),
  };
}

function hostLayout(
  { host, hax, servers, clients }: HostObjects,
  owners: Map<Drive, Owner>,
): HostLayout {
  const node = host.facts.hostname;
  const isConfd = (process: Process) =>
    process.services.some(({ serviceType }) => serviceType === "CONFD");
  return {
    name: host.cdf.name,
    node,
    ip: host.ip,
    isServer: servers.some(({ process }) => isConfd(process)),
    processes: [
      processLayout(hax, "hax", []),
      ...servers.map(({ process, drives }) => {
        const disks = drives.map(diskLayout);
        const layout = processLayout(process, isConfd(process) ? "confd" : "ios", disks);
        drives.forEach((drive, i) => {
          const disk = disks[i];
          if (disk !== undefined) owners.set(drive, { node, process: layout, disk });
        });
        return layout;
      }),
      ...clients.map((process) => processLayout(process, "client", [])),
    ],
  };
}

function processLayout(
  { key, endpoint, services }: Process,
  role: Role,
  disks: readonly DiskLayout[],
): ProcessLayout {
  const types = services.map(({ serviceType }) => serviceType.toLowerCase());
  return { role, fid: makeFid("process", key), fidk: key, endpoint, types, disks };
}

function diskLayout({ key, sdev }: Drive): DiskLayout {
  const { path, size, blksize } = sdev;
  return { path, size, blksize, sdev: makeFid("sdev", sdev.key), drive: makeFid("drive", key) };
}

function membersOf(
  drives: readonly Drive[],
  owners: ReadonlyMap<Drive, Owner>,
): readonly PoolMember[] {
  const members = new Map<ProcessLayout, { node: string; disks: DiskLayout[] }>();
  for (const drive of drives) {
    const owner = owners.get(drive);
    if (owner === undefined) continue;
    const member = members.get(owner.process);
    if (member !== undefined) member.disks.push(owner.disk);
    else members.set(owner.process, { node: owner.node, disks: [owner.disk] });
  }
  return [...members].map(([{ fid }, { node, disks }]) => ({ node, process: fid, disks }));
}
