/**
 * Facts about hosts, which the CDF leaves open (spec: cfgen.md, Facts). The types are those of the
 * facts file.
 *
 * @module
 */

/** Facts of all hosts. */
export interface Facts {
  /** By the host's name as the CDF has it. */
  readonly hosts: Readonly<Record<string, HostFacts>>;
}

/** What was found on one host. */
export interface HostFacts {
  readonly facts: SystemFacts;
  /** Disks by the glob that matched them, in the order in which they are to be used. */
  readonly disks: Readonly<Record<string, readonly DiskFacts[]>>;
}

/** The host itself. */
export interface SystemFacts {
  /** The node's name. */
  readonly hostname: string;
  readonly processorcount: number;
  /** Memory in MB, whole. */
  readonly memorysize_mb: number;
  /** IPv4 address of the default route. */
  readonly ipaddress?: string | undefined;
  readonly macaddress?: string | undefined;
  /** IPv4 address of an interface. */
  readonly [iface: `ipaddress_${string}`]: string | undefined;
}

/** A disk, or a regular file that stands for one. */
export interface DiskFacts {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Block size in bytes. */
  readonly blksize: number;
}

/** What has to be asked on a host. */
export interface FactsRequest {
  /** `[user@]hostname` as the CDF has it. */
  readonly name: string;
  /** Interface whose address is wanted; the default route's when there is none. */
  readonly iface: string | undefined;
  /** Globs of disks. */
  readonly globs: readonly string[];
}
