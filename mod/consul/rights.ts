/**
 * Rules of ACL policies, as an error tells a person to write them.
 *
 * @module
 */

/** Lets a token read everything of one kind. */
export type Resource = "node" | "service" | "session";

/** Rules that let a token read all nodes, services or sessions. */
export function readAll(...resources: readonly Resource[]): string {
  return resources.map((resource) => `${resource}_prefix "" { policy = "read" }`).join(" and ");
}

/** The rule that lets a token read all keys below `prefix`. */
export function readKeys(prefix: string): string {
  return `key_prefix ${JSON.stringify(prefix)} { policy = "read" }`;
}
