/**
 * Rules of ACL policies, in the syntax that error messages show.
 *
 * @module
 */

/** A rule that lets a token read all objects of one kind. */
export type Resource = "node" | "service" | "session";

/** Rules that let a token read all nodes, services or sessions. */
export function readAll(...resources: readonly Resource[]): string {
  return resources.map((resource) => `${resource}_prefix "" { policy = "read" }`).join(" and ");
}

/** The rule that lets a token read all keys below `prefix`. */
export function readKeys(prefix: string): string {
  return `key_prefix ${JSON.stringify(prefix)} { policy = "read" }`;
}
