/**
 * Phases: Mero's servers. First every confd, with its configuration; then the others, whose mkfs
 * wants a confd. A server is up when it has reported STARTED and its checks pass; that its unit is
 * active says nothing (spec: lessons.md, "ios started before confd ready").
 *
 * @module
 */

import type { ProcessLayout } from "../../../cfgen/mod.ts";
import { checkId } from "../../agent/services.ts";
import { HAX_UNIT } from "../../host/places.ts";
import { processKey } from "../../kv/keys.ts";
import { parseProcessState } from "../../kv/process_state.ts";
import { formatFid } from "../../lib/fid.ts";
import type { Readiness } from "../../lib/wait_for.ts";
import { type Cluster, type ClusterHost, processesOf } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";
import { makeFileSystem } from "./mkfs.ts";
import { failingChecks, orWithoutConsul, waitForUnits } from "./readiness.ts";

/** Starts the confds. */
export function startConfds(
  cluster: Cluster,
  hosts: readonly ClusterHost[] = cluster.hosts,
): Phase<ClusterHost> {
  return startServers(cluster, hosts, "confd", "start the confds");
}

/** Starts the servers that run no confd. */
export function startIoServers(
  cluster: Cluster,
  hosts: readonly ClusterHost[] = cluster.hosts,
): Phase<ClusterHost> {
  return startServers(cluster, hosts, "ios", "start the io servers");
}

function startServers(
  cluster: Cluster,
  hosts: readonly ClusterHost[],
  role: "confd" | "ios",
  title: string,
): Phase<ClusterHost> {
  return {
    name: role,
    title,
    limitMs: 120_000,
    hosts: hosts.filter((host) => processesOf(host, role).length > 0),
    isDone: async (entry, options) => {
      const servers = processesOf(entry, role)
        .map((process): Started => ({ process, unit: unitOf(cluster, process), after: 0 }));
      // The units first: what Consul knows may be from before the host went down.
      const states = await Promise.all(
        servers.map(({ unit }) => entry.host.unitStatus(unit, options)),
      );
      if (states.some(({ state }) => state !== "active")) return false;
      const up = () => areUp(cluster, entry, servers, options.signal);
      return await orWithoutConsul(false, async () => (await up()).ready === true);
    },
    run: async (entry, options) => {
      if (role === "confd") {
        await entry.host.putFile({
          path: cluster.target.confdFile,
          content: cluster.generated.files["confd.xc"],
          mode: 0o644,
        }, options);
      }
      const started = await Promise.all(
        processesOf(entry, role).map((process) => startServer(cluster, entry, process, options)),
      );
      const units = started.map(({ unit }) => unit);
      await cluster.gate.wait(() =>
        waitForUnits(cluster, [entry], units, (signal) => areUp(cluster, entry, started, signal), {
          ...options,
          what: `its ${role} to serve`,
          hint: "a server that hangs runs on: once the cause is mended, restart its unit there, " +
            `${units.join(" or ")}; then the same command goes on from here`,
        })
      );
    },
  };
}

/**
 * A server reports to hax: at boot it is started when hax is ready, and stopped before hax when the
 * host goes down. It survives hax, which stronger ties than Wants= would not allow (docs/units.md).
 * An io server is stopped before the confd beside it, as in a shutdown of the cluster: real ones
 * return to a confd what they hold, and wait for ever for one that has gone. Motr's own unit has no
 * [Install], and could not be enabled.
 */
function dropInOf(cluster: Cluster, entry: ClusterHost, { role }: ProcessLayout): string {
  const confds = role === "ios" ? processesOf(entry, "confd") : [];
  const after = [HAX_UNIT, ...confds.map((confd) => unitOf(cluster, confd))];
  return `# Written by hare.
[Unit]
After=${after.map((unit) => `${unit}.service`).join(" ")}
Wants=${HAX_UNIT}.service

[Install]
WantedBy=multi-user.target
`;
}

/** A server, and what its record must be newer than to count. */
interface Started {
  readonly process: ProcessLayout;
  readonly unit: string;
  /** Consul's ModifyIndex of the record before the start; 0 where there was none. */
  readonly after: number;
}

/** Starts a server, formatted, unless it runs. */
async function startServer(
  cluster: Cluster,
  entry: ClusterHost,
  process: ProcessLayout,
  options: StepOptions,
): Promise<Started> {
  const { host } = entry;
  const unit = unitOf(cluster, process);
  const isChanged = await host.putFile({
    path: `/etc/systemd/system/${unit}.service.d/hare.conf`,
    content: dropInOf(cluster, entry, process),
    mode: 0o644,
  }, options);
  await host.enableUnit(unit, options, isChanged);
  if ((await host.unitStatus(unit, options)).state === "active") return { process, unit, after: 0 };
  await makeFileSystem(cluster, entry, process, options);
  const { signal } = options;
  const key = processKey(process.fid);
  const record = await orWithoutConsul(null, () => cluster.consul.kv.get(key, { signal }));
  await host.startUnit(unit, options);
  return { process, unit, after: record?.modifyIndex ?? 0 };
}

function unitOf({ target }: Cluster, { fid }: ProcessLayout): string {
  return target.units.server(formatFid(fid));
}

/** Whether all of these servers have reported STARTED and their checks pass. */
async function areUp(
  cluster: Cluster,
  entry: ClusterHost,
  servers: readonly Started[],
  signal: AbortSignal,
): Promise<Readiness<void>> {
  const reasons: string[] = [];
  for (const server of servers) {
    const why = await whyNotUp(cluster, entry, server, signal);
    const { role, fid } = server.process;
    if (why !== null) reasons.push(`${role} ${formatFid(fid)}: ${why}`);
  }
  return reasons.length === 0
    ? { ready: true, value: undefined }
    : { ready: false, why: reasons.join("; ") };
}

async function whyNotUp(
  cluster: Cluster,
  entry: ClusterHost,
  { process, after }: Started,
  signal: AbortSignal,
): Promise<string | null> {
  const record = await cluster.consul.kv.get(processKey(process.fid), { signal });
  if (record === null || record.modifyIndex <= after) return "it has reported no state";
  const { state, type } = parseProcessState(record);
  if (type !== "M0D" || state !== "STARTED") return `its last report is ${type} ${state}`;
  const checks = (["confd", "ios"] as const)
    .filter((name) => process.types.includes(name))
    .map((name) => checkId(process, name));
  const failing = await failingChecks(cluster, entry, checks, { signal });
  return failing.length === 0 ? null : failing.join("; ");
}
