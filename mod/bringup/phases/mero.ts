/**
 * Phases: Mero's servers. First every confd, with its configuration; then the others, whose mkfs
 * wants a confd. A server is up when it has reported STARTED and its checks pass; that its unit is
 * active says nothing (spec: lessons.md, "ios started before confd ready").
 *
 * @module
 */

import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { checkId } from "../../agent/services.ts";
import { mkfsKey, processKey } from "../../kv/keys.ts";
import { parseProcessState } from "../../kv/process_state.ts";
import { formatFid } from "../../lib/fid.ts";
import { type Readiness, waitFor } from "../../lib/wait_for.ts";
import { type Cluster, type ClusterHost, processesOf } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";
import { failedUnit, failingChecks } from "./readiness.ts";

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
    isDone: async (host, options) => {
      for (const process of processesOf(host, role)) {
        if ((await isUp(host, process, options)).ready !== true) return false;
      }
      return true;
    },
    run: async (host, options) => {
      if (role === "confd") {
        await host.host.putFile({
          path: cluster.target.confdFile,
          content: cluster.generated.files["confd.xc"],
          mode: 0o644,
        }, options);
      }
      await Promise.all(
        processesOf(host, role).map((process) => startServer(cluster, host, process, options)),
      );
    },
  };
}

async function startServer(
  cluster: Cluster,
  entry: ClusterHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<void> {
  const fid = formatFid(process.fid);
  await makeFileSystem(cluster, entry, process, options);
  const unit = cluster.target.units.server(fid);
  await entry.host.startUnit(unit, options);
  await waitFor(`${process.role} ${fid} to be up`, async () => {
    const failed = await failedUnit(entry, unit, options);
    return failed === null
      ? await isUp(entry, process, options)
      : { ready: "never", error: failed };
  }, { limitMs: LIMIT_MS, signal: options.signal, clock: cluster.clock });
}

/** Formats a process's storage unless the KV knows that it was. */
async function makeFileSystem(
  cluster: Cluster,
  { host, consul }: ClusterHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<void> {
  const fid = formatFid(process.fid);
  const key = mkfsKey(process.fid);
  if (await consul.kv.get(key, { signal: options.signal, consistent: true }) !== null) return;
  await host.startUnit(cluster.target.units.mkfs(fid), options);
  const at = new Date(cluster.clock.now()).toISOString();
  await consul.kv.put(key, JSON.stringify({ at }), { signal: options.signal });
}

/** Whether a server has reported STARTED and all its checks pass. */
async function isUp(
  entry: ClusterHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<Readiness<void>> {
  const key = processKey(process.fid);
  const value = await entry.consul.kv.get(key, { signal: options.signal });
  if (value === null) return { ready: false, why: "it has reported no state" };
  const { state, type } = parseProcessState(value);
  if (type !== "M0D" || state !== "STARTED") {
    return { ready: false, why: `its last report is ${type} ${state}` };
  }
  const ids = (["confd", "ios"] as const)
    .filter((name) => process.types.includes(name))
    .map((name) => checkId(process, name));
  const failing = await failingChecks(entry, ids, options);
  return failing.length === 0
    ? { ready: true, value: undefined }
    : { ready: false, why: failing.join("; ") };
}
