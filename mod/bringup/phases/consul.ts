/**
 * Phases: the Consul servers, all together, until they have one leader and all vote; then the
 * Consul clients, until each is alive.
 *
 * @module
 */

import { isSameNode } from "../../lib/node_name.ts";
import { renderAgentConfig, START_META } from "../../agent/agent_config.ts";
import type { HostFile } from "../../host/host.ts";
import { CONSUL_CONFIG_DIRECTORY, CONSUL_UNIT } from "../../host/places.ts";
import { HareError } from "../../lib/errors.ts";
import type { Readiness } from "../../lib/wait_for.ts";
import { clientsOf, type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";
import type { GatedHost } from "../gated_host.ts";
import { orWithoutConsul, waitForUnits } from "./readiness.ts";

const LIMIT_MS = 60_000;

/** Starts the Consul servers. */
export function startConsulServers(cluster: Cluster): Phase<ClusterHost> {
  const servers = serversOf(cluster);
  const starts = new Map<ClusterHost, string>();
  const what = servers.length === 1
    ? "the Consul server to lead"
    : `${servers.length} voting Consul servers with a leader`;
  return {
    name: "consul-servers",
    title: "start the Consul servers",
    limitMs: LIMIT_MS,
    hosts: servers,
    isDone: isRunning,
    run: async (entry, options) => {
      starts.set(entry, await startAgent(entry, cluster, options));
    },
    settle: (options) =>
      cluster.gate.wait(() =>
        waitForUnits(cluster, servers, [CONSUL_UNIT], async (signal) => {
          const all = await voters(cluster, servers.length, signal);
          return all.ready === true ? await haveSynced(cluster, starts, signal) : all;
        }, { ...options, what })
      ),
  };
}

/** Starts the Consul agents of the hosts that run no server. */
export function startConsulClients(cluster: Cluster): Phase<ClusterHost> {
  return {
    ...startConsulAgents(cluster, clientsOf(cluster)),
    name: "consul-clients",
    title: "start the Consul clients",
  };
}

/** Starts the Consul agents of these hosts; there is a leader already, which they join. */
export function startConsulAgents(
  cluster: Cluster,
  hosts: readonly ClusterHost[],
): Phase<ClusterHost> {
  return {
    name: "consul",
    title: "start the Consul agent",
    limitMs: LIMIT_MS,
    hosts,
    isDone: async (entry, { signal }) =>
      await isRunning(entry, { signal }) &&
      (await orWithoutConsul(NOT_THERE, () => alive(cluster, entry, signal))).ready === true,
    run: async (entry, options) => {
      const starts = await isRunning(entry, options)
        ? new Map<ClusterHost, string>()
        : new Map([[entry, await startAgent(entry, cluster, options)]]);
      await cluster.gate.wait(() =>
        waitForUnits(cluster, [entry], [CONSUL_UNIT], async (signal) => {
          const joined = await alive(cluster, entry, signal);
          return joined.ready === true ? await haveSynced(cluster, starts, signal) : joined;
        }, { ...options, what: "its Consul agent to join" })
      );
    },
  };
}

const NOT_THERE: Readiness<void> = { ready: false, why: "there is no Consul" };

async function isRunning({ host }: ClusterHost, options: StepOptions): Promise<boolean> {
  return (await host.unitStatus(CONSUL_UNIT, options)).state === "active";
}

/** Starts a host's agent, and returns what tells this start from others. */
async function startAgent(
  { host, agent }: ClusterHost,
  cluster: Cluster,
  options: StepOptions,
): Promise<string> {
  const start = new Date(cluster.clock.now()).toISOString();
  const dataDir = host.programPath(agent.dataDir);
  await putConsulConfig(cluster, host, {
    path: `${CONSUL_CONFIG_DIRECTORY}/agent.json`,
    content: renderAgentConfig({ ...agent, dataDir, start }),
    mode: 0o640,
  }, options);
  await host.enableUnit(CONSUL_UNIT, options);
  await host.startUnit(CONSUL_UNIT, options);
  return start;
}

/**
 * Puts a file of Consul's configuration unless it is there. Consul itself reads it before its agent
 * does; what it refuses is put back as it was.
 *
 * @returns whether it was, or in a dry run would be, written
 * @throws {HareError} when Consul refuses it
 */
export async function putConsulConfig(
  cluster: Pick<Cluster, "consulProgram">,
  host: GatedHost,
  file: HostFile,
  options: StepOptions,
): Promise<boolean> {
  return await host.putFile(file, options, () => validateConfig(cluster, host, options));
}

/**
 * Has Consul itself read a host's configuration before it is used.
 *
 * @throws {HareError} when Consul refuses it
 */
async function validateConfig(
  { consulProgram }: Pick<Cluster, "consulProgram">,
  host: GatedHost,
  options: StepOptions,
): Promise<void> {
  const directory = host.programPath(CONSUL_CONFIG_DIRECTORY);
  const { code, stdout, stderr } = await host.ask([consulProgram, "validate", directory], options);
  if (code === 0) return;
  throw new HareError(
    `${host.name}: Consul refuses its configuration: ${(stderr || stdout).trim()}`,
  );
}

/** One leader, and so many voters. */
async function voters(
  { consul }: Cluster,
  wanted: number,
  signal: AbortSignal,
): Promise<Readiness<void>> {
  if (await consul.status.leader({ signal }) === null) {
    return { ready: false, why: "there is no leader" };
  }
  const servers = await consul.operator.raftConfiguration({ signal });
  const voting = servers.filter(({ voter }) => voter).length;
  return voting >= wanted
    ? { ready: true, value: undefined }
    : { ready: false, why: `${voting} of them vote` };
}

/** Whether the catalog has what these agents know since their starts, not what was before. */
async function haveSynced(
  { consul }: Cluster,
  starts: ReadonlyMap<ClusterHost, string>,
  signal: AbortSignal,
): Promise<Readiness<void>> {
  const nodes = await consul.catalog.nodes({ signal });
  const late = [...starts].filter(([{ layout }, start]) =>
    nodes.find(({ name }) => isSameNode(name, layout.node))?.meta[START_META] !== start
  );
  return late.length === 0 ? { ready: true, value: undefined } : {
    ready: false,
    why: `not in the catalog since its start: ${late.map(([{ name }]) => name).join(", ")}`,
  };
}

async function alive(
  { consul }: Cluster,
  { layout }: ClusterHost,
  signal: AbortSignal,
): Promise<Readiness<void>> {
  const checks = await consul.health.node(layout.node, { signal });
  const status = checks.find(({ checkId }) => checkId === "serfHealth")?.status;
  return status === "passing"
    ? { ready: true, value: undefined }
    : { ready: false, why: status === undefined ? "it is not in the catalog" : `it is ${status}` };
}
