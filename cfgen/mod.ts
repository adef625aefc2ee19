/**
 * cfgen: from the description of a cluster (CDF) and facts about its hosts to configuration. Pure:
 * the same CDF and facts give the same bytes, on any machine.
 *
 * @module
 */

export type { DiskFacts, Facts, FactsRequest, HostFacts, SystemFacts } from "./facts.ts";
export type {
  ClusterLayout,
  DiskLayout,
  HostLayout,
  PoolLayout,
  PoolMember,
  ProcessLayout,
  Tolerance,
} from "./layout.ts";
export { type Role, type Target, type TargetName, TARGETS } from "./target.ts";

import type { ClusterLayout } from "./layout.ts";

/** Names of the files that cfgen makes. */
export const FILE_NAMES = [
  "consul-agents.json",
  "consul-kv.json",
  "confd.xc",
  "confd.cg",
] as const;

/** What cfgen makes of a CDF and facts. */
export interface Generated {
  /** Contents by file name. */
  readonly files: Readonly<Record<typeof FILE_NAMES[number], string>>;
  readonly cluster: ClusterLayout;
  /** What is allowed but worth a look, rendered like problems. */
  readonly warnings: readonly string[];
}
