/**
 * Mero's configuration objects (spec: cfgen.md, Configuration objects), as a graph: objects refer
 * to each other directly. Their lists grow while a configuration is built, and are left alone
 * afterwards.
 *
 * @module
 */

import type { Tolerance } from "../layout.ts";

/** Types of Mero services. */
export type ServiceType =
  | "HA"
  | "RMS"
  | "CONFD"
  | "IOS"
  | "SNS_REP"
  | "SNS_REB"
  | "ADDB2"
  | "CAS"
  | "ISCS";

/** Common to all objects. */
interface Keyed {
  /** Key of the object's fid. */
  readonly key: number;
}

/** The root: there is one. */
export interface Root extends Keyed {
  readonly type: "root";
  readonly mdpool: Pool;
  readonly imetaPver: Pver | null;
  readonly mdRedundancy: number;
  readonly nodes: Node[];
  readonly sites: Site[];
  readonly pools: Pool[];
  readonly profiles: Profile[];
}

/** A host. */
export interface Node extends Keyed {
  readonly type: "node";
  /** Memory in MB. */
  readonly memory: number;
  readonly processors: number;
  readonly processes: Process[];
}

/** A Mero process. */
export interface Process extends Keyed {
  readonly type: "process";
  readonly node: Node;
  readonly endpoint: string;
  readonly services: Service[];
}

/** A service within a process. */
export interface Service extends Keyed {
  readonly type: "service";
  readonly serviceType: ServiceType;
  readonly endpoint: string;
  readonly sdevs: Sdev[];
}

/** A storage device. */
export interface Sdev extends Keyed {
  readonly type: "sdev";
  /** Counts over the whole cluster. */
  readonly index: number;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly blksize: number;
}

/** A site: there is one. */
export interface Site extends Keyed {
  readonly type: "site";
  readonly racks: Rack[];
  readonly pvers: Pver[];
}

/** A rack: there is one. */
export interface Rack extends Keyed {
  readonly type: "rack";
  readonly site: Site;
  readonly enclosures: Enclosure[];
  readonly pvers: Pver[];
}

/** An enclosure: a host's, if it has disks. */
export interface Enclosure extends Keyed {
  readonly type: "enclosure";
  readonly rack: Rack;
  readonly node: Node;
  readonly controllers: Controller[];
  readonly pvers: Pver[];
}

/** A controller: one for each enclosure, with all its drives. */
export interface Controller extends Keyed {
  readonly type: "controller";
  readonly enclosure: Enclosure;
  readonly node: Node;
  readonly drives: Drive[];
  readonly pvers: Pver[];
}

/** A drive, the place of a storage device. */
export interface Drive extends Keyed {
  readonly type: "drive";
  readonly controller: Controller;
  readonly sdev: Sdev;
  readonly pvers: Pver[];
}

/** A pool. */
export interface Pool extends Keyed {
  readonly type: "pool";
  readonly pvers: (Pver | PverF)[];
}

/** An actual pool version. */
export interface Pver extends Keyed {
  readonly type: "pver";
  /** N. */
  readonly dataUnits: number;
  /** K. */
  readonly parityUnits: number;
  /** S. */
  readonly spareUnits: number;
  /** P. */
  readonly width: number;
  readonly tolerance: Tolerance;
  readonly sites: Objv[];
}

/** A formulaic pool version. */
export interface PverF extends Keyed {
  readonly type: "pver_f";
  readonly id: number;
  readonly base: Pver;
  /** As a tolerance. */
  readonly allowance: Tolerance;
}

/** What a pool version has of an object of the hardware tree. */
export interface Objv extends Keyed {
  readonly type: "objv";
  readonly real: Hardware;
  readonly children: Objv[];
}

/** What a client may use: all pools. */
export interface Profile extends Keyed {
  readonly type: "profile";
  readonly pools: Pool[];
}

/** Objects of the hardware tree. */
export type Hardware = Site | Rack | Enclosure | Controller | Drive;

/** The object that holds `object`; the root holds the sites, which is not of interest here. */
export function parentOf(object: Hardware): Hardware | undefined {
  switch (object.type) {
    case "drive":
      return object.controller;
    case "controller":
      return object.enclosure;
    case "enclosure":
      return object.rack;
    case "rack":
      return object.site;
    case "site":
      return undefined;
  }
}

/** Any configuration object. */
export type ConfObject =
  | Root
  | Node
  | Process
  | Service
  | Sdev
  | Hardware
  | Pool
  | Pver
  | PverF
  | Objv
  | Profile;
