/**
 * This host among the hosts of a cluster.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";

/**
 * Whether a host of the CDF is the machine that Hare runs on: `localhost`, or its own name in full.
 *
 * A name that is only alike (`node1` and `node1.example.com`) is not enough: asking this host for
 * another one's disks would be worse than one connection too many.
 *
 * @param destination `[user@]hostname`, as in the CDF
 * @param hostname this machine's name, as the system gives it
 *
 * @example
 * ```ts
 * import { isThisHost } from "./local.ts";
 *
 * if (!isThisHost("alice@ssc-vm1", "SSC-vm1")) throw new Error("it is");
 * if (isThisHost("ssc-vm1", "ssc-vm10")) throw new Error("it is not");
 * ```
 */
export function isThisHost(destination: string, hostname: string): boolean {
  const name = destination.slice(destination.lastIndexOf("@") + 1);
  return isSameNode(name, "localhost") || isSameNode(name, hostname);
}
