/**
 * A development cluster's configuration: made from its CDF and from facts that are made up, and so
 * the same each time.
 *
 * @module
 */

import {
  assertSound,
  type Facts,
  factsRequests,
  generate,
  type Generated,
  parseCdf,
  type TargetName,
  TARGETS,
} from "../../cfgen/mod.ts";
import { join } from "../lib/std/path.ts";
import { makeFacts } from "./facts.ts";
import { HOSTS_NAME } from "./state.ts";

/** What a cluster is made from. */
export interface Description {
  /** Text of the CDF. */
  readonly cdf: string;
  /** Its file's name, for messages. */
  readonly cdfName: string;
  readonly target: TargetName;
  /** First three numbers of the hosts' addresses. */
  readonly net: string;
  /** Sparse files for each m0_server with disks. */
  readonly disks: number;
  /** Size of each, in bytes. */
  readonly diskSize: number;
}

/**
 * The configuration, and the facts that it was made with.
 *
 * @param dir the cluster's directory, absolute
 * @throws {CdfError} when the CDF has problems
 */
export function configurationOf(
  { cdf, cdfName, target, net, disks, diskSize }: Description,
  dir: string,
): { readonly generated: Generated; readonly facts: Facts } {
  const document = parseCdf(cdf, { name: cdfName, target: TARGETS[target] });
  const facts = makeFacts(factsRequests(assertSound(document)), {
    ...{ net, disks, diskSize },
    processors: navigator.hardwareConcurrency,
    memoryMb: Math.trunc(Deno.systemMemoryInfo().total / 1024 / 1024),
    diskPath: (host, glob, disk) =>
      join(dir, HOSTS_NAME, host, "disks", `${glob}-${String(disk).padStart(2, "0")}`),
  });
  return { generated: generate(document, facts), facts };
}
