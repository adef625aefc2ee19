/**
 * Facts about hosts, which a cluster's description leaves open (spec: cfgen.md, Facts): this
 * host's, and other hosts' by asking the `hare` there.
 *
 * @module
 */

export { FactsError } from "./errors.ts";
export { type GatherDeps, gatherFacts } from "./gather.ts";
export { factsOfThisHost } from "./local.ts";
export type { LocalDeps, System } from "./system.ts";
