/**
 * The whole way from a CDF and facts to the four files.
 *
 * @module
 */

import { type CdfDocument, CdfError, checkCdf } from "./cdf/document.ts";
import { problemLines } from "./cdf/problems.ts";
import { transportOf } from "./cdf/rules.ts";
import { buildConf } from "./conf/build.ts";
import type { Facts } from "./facts.ts";
import { type ClusterLayout, layoutOf } from "./layout.ts";
import { writeConfgen } from "./write/confgen.ts";
import { writeConsulAgents, writeConsulKv } from "./write/consul.ts";
import { writeXcode } from "./write/xcode.ts";

/** Names of the files that cfgen makes. */
export const FILE_NAMES = [
  "consul-agents.json",
  "consul-kv.json",
  "confd.xc",
  "confd.cg",
] as const;

/** Name of a file that cfgen makes. */
export type FileName = typeof FILE_NAMES[number];

/** What cfgen makes of a CDF and facts. */
export interface Generated {
  /** Contents by file name. */
  readonly files: Readonly<Record<FileName, string>>;
  readonly cluster: ClusterLayout;
  /** Warnings: lines about each, in the same form as the lines about a problem. */
  readonly warnings: readonly (readonly string[])[];
}

/**
 * Makes a cluster's configuration.
 *
 * @throws {CdfError} with all problems of the CDF, when it has any
 */
export function generate(document: CdfDocument, facts: Facts): Generated {
  const { source, target, cdf } = document;
  const { problems, inventory } = checkCdf(document, facts);
  if (!problems.none || cdf === undefined || inventory === undefined) {
    throw new CdfError(source, problems.list("error"));
  }
  const conf = buildConf(inventory, { target, transport: transportOf(cdf, target) });
  const cluster = layoutOf(conf);
  return {
    files: {
      "consul-agents.json": writeConsulAgents(cluster),
      "consul-kv.json": writeConsulKv(cluster, conf.objects.length),
      "confd.xc": writeXcode(conf.objects, target),
      "confd.cg": writeConfgen(conf.objects, target),
    },
    cluster,
    warnings: problems.list("warning").map((warning) => problemLines(source, warning)),
  };
}
