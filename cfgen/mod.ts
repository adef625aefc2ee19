/**
 * cfgen: from the description of a cluster (CDF) and facts about its hosts to configuration. Pure:
 * the same CDF and facts give the same bytes, on any machine.
 *
 * ```ts
 * import { generate, mockFacts, parseCdf, TARGETS } from "./mod.ts";
 *
 * const document = parseCdf(`
 * hosts:
 *   - name: localhost
 *     m0_servers:
 *       - runs_confd: true
 *         io_disks: { path_glob: "/dev/loop[0-3]" }
 *     c0_clients: 1
 *     m0t1fs_clients: 0
 * pools:
 *   - { name: tier1, disks: all, data_units: 2, parity_units: 1 }
 * `, { name: "cdf.yaml", target: TARGETS.mero });
 * const { cluster } = generate(document, mockFacts(document, "seed"));
 * if (cluster.pools[0]?.width !== 4) throw new Error("the glob stands for four disks");
 * ```
 *
 * @module
 */

export { assertSound, type CdfDocument, CdfError, parseCdf } from "./cdf/document.ts";
export { CDF_HELP } from "./cdf/help.ts";
export { type Cdf, cdfJsonSchema } from "./cdf/schema.ts";
export {
  type DiskFacts,
  type Facts,
  type FactsRequest,
  factsRequests,
  type HostFacts,
  parseFacts,
  type SystemFacts,
} from "./facts.ts";
export { debugText } from "./debug.ts";
export { FILE_NAMES, type FileName, generate, type Generated } from "./generate.ts";
export type {
  ClusterLayout,
  DiskLayout,
  HostLayout,
  PoolLayout,
  PoolMember,
  ProcessLayout,
  Tolerance,
} from "./layout.ts";
export { mockFacts } from "./mock.ts";
export {
  type Role,
  type Target,
  TARGET_NAMES,
  type TargetName,
  TARGETS,
  type Transport,
  type TransportName,
} from "./target.ts";
