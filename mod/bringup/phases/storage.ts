/**
 * Phase: inspects on all hosts the storage of the servers to start, before anything is changed. One
 * error then lists all storage that must not be formatted.
 *
 * @module
 */

import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { HareError } from "../../lib/errors.ts";
import { formatFid } from "../../lib/fid.ts";
import { type Cluster, type ClusterHost, processesOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import type { MkfsPolicy } from "../../storage/mod.ts";
import type { OperationEvent, OperationOptions } from "../operation.ts";
import { decideOn, type KnownStorage, lookAtStorage, refusal } from "./mkfs.ts";

/** Which storage the phase inspects. */
export interface ReviewOptions {
  /** {@default all} */
  readonly hosts?: readonly ClusterHost[];
  /** The servers to start. */
  readonly roles: readonly ("confd" | "ios")[];
  /** Receives each device that may be formatted. */
  readonly report: (event: OperationEvent) => void;
}

/** Lists the devices that may or would be formatted, with `--mkfs` and in a dry run. */
export function tellingOf(
  { mkfs, dryRun, report }: Pick<OperationOptions, "dryRun" | "report"> & {
    readonly mkfs: MkfsPolicy;
  },
): (event: OperationEvent) => void {
  return dryRun || mkfs === "unless-data" || mkfs === "all" ? report : () => {};
}

/**
 * Inspects the storage of servers that do not run. Consul may not run yet; decisions that need its
 * data are made when the servers are started.
 */
export function reviewStorage(
  cluster: Cluster,
  { hosts = cluster.hosts, roles, report }: ReviewOptions,
): Phase<ClusterHost> {
  const processesIn = (entry: ClusterHost) => roles.flatMap((role) => processesOf(entry, role));
  const stopped = new Map<ClusterHost, readonly ProcessLayout[]>();
  const looked = new Map<ClusterHost, KnownStorage>();
  return {
    name: "storage",
    title: "look at the storage",
    limitMs: 180_000,
    settleTellsAll: true,
    hosts: hosts.filter((entry) => processesIn(entry).length > 0),
    isDone: async (entry, options) => {
      const looking = processesIn(entry).map(async (process) => {
        const unit = cluster.target.units.server(formatFid(process.fid));
        const { state } = await entry.host.unitStatus(unit, options);
        return state === "active" ? [] : [process];
      });
      const found = (await Promise.all(looking)).flat();
      stopped.set(entry, found);
      return found.length === 0;
    },
    run: async (entry, options) => {
      const processes = stopped.get(entry) ?? [];
      const known = await lookAtStorage(cluster, entry, processes, { ...options, mayBeDown: true });
      looked.set(entry, known);
    },
    // Only now: a device that two hosts share is found when both have answered.
    settle: () => {
      const refusals: HareError[] = [];
      for (const [entry, known] of looked) {
        for (const { process, decision, devices } of decideOn(cluster, entry, known)) {
          const fid = formatFid(process.fid);
          for (const device of devices) {
            report({ event: "device", host: entry.name, process: fid, device });
          }
          if (decision.kind === "refuse") refusals.push(refusal(entry, process, decision));
        }
      }
      if (refusals.length === 0) return Promise.resolve();
      const lines = refusals.map(({ message }) => `  ${message}`);
      throw new HareError(["not all storage may be formatted:", ...lines], {
        hint: refusals[0]?.hint,
      });
    },
  };
}
