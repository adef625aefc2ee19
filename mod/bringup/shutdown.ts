/**
 * The phases of `hare shutdown`: everything is stopped in the reverse order of its start, and
 * nothing that is not Hare's is touched: no other unit, nor the applications that are Mero's
 * clients (spec: commands.md, Operating).
 *
 * @module
 */

import { CONSUL_UNIT, HAX_UNIT, RC_UNIT } from "../host/places.ts";
import { JOB_LIMIT_MS } from "../host/systemd.ts";
import { formatFid } from "../lib/fid.ts";
import { clientsOf, type Cluster, type ClusterHost, processesOf, serversOf } from "./cluster.ts";
import type { Phase, StepOptions } from "./engine.ts";
import type { UnitOutcome } from "./operation.ts";

/** Told of each unit what became of it. */
export type ReportUnit = (host: ClusterHost, unit: string, outcome: UnitOutcome) => void;

/** A phase that stops units, and which. */
export interface StopPhase extends Phase<ClusterHost> {
  readonly unitsOf: (host: ClusterHost) => readonly string[];
}

/** The phases that stop a cluster. */
export function shutdownPhases(cluster: Cluster, report: ReportUnit): readonly StopPhase[] {
  const servers = serversOf(cluster);
  const otherServers = servers.filter((host) => host !== cluster.own);
  const mero = (role: "confd" | "ios") => (host: ClusterHost) =>
    processesOf(host, role).map(({ fid }) => cluster.target.units.server(formatFid(fid)));
  const hostsWith = (role: "confd" | "ios") =>
    cluster.hosts.filter((host) => processesOf(host, role).length > 0);
  const one = (unit: string) => () => [unit];
  return [
    stopUnits("ios", "stop the io servers", hostsWith("ios"), mero("ios")),
    stopUnits("confd", "stop the confds", hostsWith("confd"), mero("confd")),
    stopUnits("hax", "stop hax", cluster.hosts, one(HAX_UNIT)),
    stopUnits("rc", "stop the recovery coordinator", servers, one(RC_UNIT)),
    stopUnits("consul-clients", "stop the Consul clients", clientsOf(cluster), one(CONSUL_UNIT)),
    stopUnits("consul-servers", "stop the other Consul servers", otherServers, one(CONSUL_UNIT)),
    // Last, because it is the one that was asked about the cluster.
    stopUnits("consul-own", "stop the last Consul server", [cluster.own], one(CONSUL_UNIT)),
  ].map((phase) => ({ ...phase, ...stopping(phase, cluster, report) }));
}

type Stopped = Omit<StopPhase, "isDone" | "run">;

function stopUnits(
  name: string,
  title: string,
  hosts: readonly ClusterHost[],
  unitsOf: (host: ClusterHost) => readonly string[],
): Stopped {
  return { name, title, limitMs: JOB_LIMIT_MS, hosts, unitsOf };
}

function stopping({ unitsOf }: Stopped, { gate }: Cluster, report: ReportUnit) {
  const tell: ReportUnit = (...told) => gate.dryRun || report(...told);
  const runs = async ({ host }: ClusterHost, unit: string, options: StepOptions) => {
    const { state } = await host.unitStatus(unit, options);
    return state === "active" || state === "activating";
  };
  const stop = async (entry: ClusterHost, unit: string, options: StepOptions) => {
    if (!await runs(entry, unit, options)) return tell(entry, unit, "did not run");
    try {
      await entry.host.stopUnit(unit, options);
    } catch (error) {
      tell(entry, unit, "failed");
      throw error;
    }
    tell(entry, unit, "stopped");
  };
  return {
    isDone: async (entry: ClusterHost, options: StepOptions) => {
      const units = unitsOf(entry);
      const running = await Promise.all(units.map((unit) => runs(entry, unit, options)));
      if (running.includes(true)) return false;
      for (const unit of units) tell(entry, unit, "did not run");
      return true;
    },
    run: async (entry: ClusterHost, options: StepOptions) => {
      const stopped = await Promise.allSettled(
        unitsOf(entry).map((unit) => stop(entry, unit, options)),
      );
      for (const one of stopped) if (one.status === "rejected") throw one.reason;
    },
  };
}
