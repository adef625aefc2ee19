/**
 * Names of nodes and hosts: Consul and DNS take names that differ in case only for the same.
 *
 * @module
 */

/**
 * Whether two names are of the same node.
 *
 * @example
 * ```ts
 * import { isSameNode } from "./node_name.ts";
 *
 * if (!isSameNode("SSC-vm1", "ssc-vm1")) throw new Error("they are the same node");
 * ```
 */
export function isSameNode(one: string, other: string): boolean {
  return nodeKey(one) === nodeKey(other);
}

/** What names of the same node have in common: for sets, maps and keys of them. */
export function nodeKey(name: string): string {
  return name.toLowerCase();
}
