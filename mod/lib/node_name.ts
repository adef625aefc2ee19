/**
 * Names of nodes and hosts: Consul and DNS ignore case.
 *
 * @module
 */

/**
 * Whether two names belong to the same node.
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

/** The normalized name: equal for all names of a node, for use in sets, maps and keys. */
export function nodeKey(name: string): string {
  return name.toLowerCase();
}
