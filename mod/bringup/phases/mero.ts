/**
 * Phases: Mero's servers. First every confd, with its configuration; then the others, whose mkfs
 * wants a confd. A server is up when it has reported STARTED and its checks pass; that its unit is
 * active says nothing (spec: lessons.md, "ios started before confd ready").
 *
 * @module
 */

import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { checkId } from "../../agent/services.ts";
import { processKey } from "../../kv/keys.ts";
import { parseProcessState } from "../../kv/process_state.ts";
import { formatFid } from "../../lib/fid.ts";
import type { Readiness } from "../../lib/wait_for.ts";
import { type Cluster, type ClusterHost, processesOf } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";
import { makeFileSystem } from "./mkfs.ts";
import { failingChecks, orWithoutConsul, waitForUnits } from "./readiness.ts";

const LIMIT_MS = 120_000;

/** Starts every confd. */
export function startConfds(cluster: Cluster): Phase<ClusterHost> {
  return startServers(cluster, "confd", "start the confds");
}

/** Starts the servers that run no confd. */
export function startIoServers(cluster: Cluster): Phase<ClusterHost> {
  return startServers(cluster, "ios", "start the io servers");
}

function startServers(
  cluster: Cluster,
  role: "confd" | "ios",
  title: string,
): Phase<ClusterHost> {
  return {
    name: role,
    title,
    limitMs: LIMIT_MS,
    hosts: cluster.hosts.filter((host) => processesOf(host, role).length > 0),
    isDone: (entry, { signal }) =>
      orWithoutConsul(
        false,
        async () => (await areUp(cluster, entry, role, signal)).ready === true,
      ),
    run: async (entry, options) => {
      if (role === "confd") {
        await entry.host.putFile({
          path: cluster.target.confdFile,
          content: cluster.generated.files["confd.xc"],
          mode: 0o644,
        }, options);
      }
      const units = await Promise.all(
        processesOf(entry, role).map((process) => startServer(cluster, entry, process, options)),
      );
      await cluster.gate.wait(() =>
        waitForUnits(cluster, [entry], units, (signal) => areUp(cluster, entry, role, signal), {
          ...options,
          what: `its ${role} to serve`,
          limitMs: LIMIT_MS,
        })
      );
    },
  };
}

/** Starts a server, formatted, and returns the name of its unit. */
async function startServer(
  cluster: Cluster,
  entry: ClusterHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<string> {
  const unit = cluster.target.units.server(formatFid(process.fid));
  await makeFileSystem(cluster, entry.host, process, options);
  await entry.host.enableUnit(unit, options);
  await entry.host.startUnit(unit, options);
  return unit;
}

/** Whether all a host's servers of one role have reported STARTED and their checks pass. */
async function areUp(
  cluster: Cluster,
  entry: ClusterHost,
  role: "confd" | "ios",
  signal: AbortSignal,
): Promise<Readiness<void>> {
  const reasons: string[] = [];
  for (const process of processesOf(entry, role)) {
    const why = await whyNotUp(cluster, entry, process, signal);
    if (why !== null) reasons.push(`${role} ${formatFid(process.fid)}: ${why}`);
  }
  return reasons.length === 0
    ? { ready: true, value: undefined }
    : { ready: false, why: reasons.join("; ") };
}

async function whyNotUp(
  cluster: Cluster,
  entry: ClusterHost,
  process: ProcessLayout,
  signal: AbortSignal,
): Promise<string | null> {
  const record = await cluster.consul.kv.get(processKey(process.fid), { signal });
  if (record === null) return "it has reported no state";
  const { state, type } = parseProcessState(record);
  if (type !== "M0D" || state !== "STARTED") return `its last report is ${type} ${state}`;
  const checks = (["confd", "ios"] as const)
    .filter((name) => process.types.includes(name))
    .map((name) => checkId(process, name));
  const failing = await failingChecks(cluster, entry, checks, { signal });
  return failing.length === 0 ? null : failing.join("; ");
}
