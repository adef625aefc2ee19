/**
 * The configured cluster as plain data, for the rooms that bring it up and watch it. The same
 * facts in Mero's own terms are in `conf/`.
 *
 * @module
 */

import type { Fid } from "../mod/lib/fid.ts";
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
