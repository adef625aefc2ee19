/**
 * Facts of a development cluster's hosts: made, not asked. Addresses are loopback ones, processors
 * and memory this machine's, and the disks are sparse files in place of what a glob would find.
 *
 * @module
 */

import type { Facts, FactsRequest, HostFacts } from "../../cfgen/mod.ts";
import { HareError } from "../lib/errors.ts";

/** What the facts are made of. */
export interface MadeFactsOptions {
  /** First three numbers of the hosts' addresses, `127.77.0`. */
  readonly net: string;
  /** Disks for each glob. */
  readonly disks: number;
  /** Size of each disk in bytes. */
  readonly diskSize: number;
  readonly processors: number;
  /** This machine's memory in MB. */
  readonly memoryMb: number;
  /** Where a host's disk number `disk` of its glob number `glob` is; both count from 0. */
  readonly diskPath: (host: string, glob: number, disk: number) => string;
}

/** Valid host names of a development cluster: the name is also the name of a directory. */
export const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The host part of a name in the CDF: `alice@ssc-vm1` is `ssc-vm1`. It becomes a directory's name.
 *
 * @throws {HareError} when it cannot
 */
export function hostPart(name: string): string {
  const host = name.slice(name.lastIndexOf("@") + 1);
  if (HOST_NAME.test(host)) return host;
  throw new HareError(`${JSON.stringify(host)} can be no host of a development cluster`, {
    hint: "a host's name has letters, digits, dots, dashes and underscores",
  });
}

/**
 * Address of host number `index`, which counts from 0.
 *
 * @throws {HareError} when the network has no more addresses
 */
export function addressOf(net: string, index: number): string {
  if (index >= 254) throw new HareError(`${net}.0/24 has addresses for 254 hosts only`);
  return `${net}.${index + 1}`;
}

/** Facts for all hosts of a CDF. */
export function makeFacts(requests: readonly FactsRequest[], options: MadeFactsOptions): Facts {
  const hosts = requests.map((request, index): [string, HostFacts] => {
    const address = addressOf(options.net, index);
    const disksOf = (glob: number) =>
      Array.from({ length: options.disks }, (_, disk) => ({
        path: options.diskPath(hostPart(request.name), glob, disk),
        size: options.diskSize,
        blksize: 4096,
      }));
    return [request.name, {
      facts: {
        hostname: hostPart(request.name),
        processorcount: options.processors,
        memorysize_mb: options.memoryMb,
        ipaddress: address,
        macaddress: macOf(address),
        ...(request.iface === undefined ? {} : { [`ipaddress_${request.iface}`]: address }),
      },
      disks: Object.fromEntries(request.globs.map((glob, i) => [glob, disksOf(i)])),
    }];
  });
  return { hosts: Object.fromEntries(hosts) };
}

/** A locally administered address that ends in the IPv4 address. */
function macOf(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return `02:00:${bytes.join(":")}`;
}
