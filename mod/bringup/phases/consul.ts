/**
 * Phases: the Consul servers, all together, until they have one leader and all vote; then the
 * Consul clients, until each is alive.
 *
 * @module
 */

import { renderAgentConfig } from "../../agent/agent_config.ts";
import { ConsulError } from "../../consul/mod.ts";
import { UnitError } from "../../host/errors.ts";
import { type Readiness, waitFor } from "../../lib/wait_for.ts";
import { clientsOf, type Cluster, type ClusterHost, consulOf, serversOf } from "../cluster.ts";
import type { Phase, StepOptions } from "../engine.ts";

/** The unit of a node's Consul agent. */
export const CONSUL_UNIT = "hare-consul-agent";
/** Directory from which the agent reads its configuration files. */
export const CONSUL_CONFIG_DIRECTORY = "/etc/hare/consul.d";

const LIMIT_MS = 60_000;

/** Starts the Consul servers. */
export function startConsulServers(cluster: Cluster): Phase<ClusterHost> {
  const servers = serversOf(cluster);
  return {
    name: "consul-servers",
    title: "start the Consul servers",
    limitMs: LIMIT_MS,
    hosts: servers,
    isDone: answers,
    run: (host, options) => startAgent(host, cluster, options),
    settle: async ({ signal }) => {
      await waitFor(
        `${servers.length} voting Consul servers`,
        (within) => voters(cluster, servers.length, within),
        { limitMs: LIMIT_MS, signal, clock: cluster.clock },
      );
    },
  };
}

/** Starts the Consul agents of the hosts that run no server. */
export function startConsulClients(cluster: Cluster): Phase<ClusterHost> {
  const clients = clientsOf(cluster);
  return {
    name: "consul-clients",
    title: "start the Consul clients",
    limitMs: LIMIT_MS,
    hosts: clients,
    isDone: answers,
    run: (host, options) => startAgent(host, cluster, options),
    settle: async ({ signal }) => {
      await waitFor("every Consul client in the catalog", async (within) => {
        const members = await consulOf(cluster).agent.members({ signal: within });
        const alive = new Set(members.filter((m) => m.status === "alive").map((m) => m.name));
        const missing = clients.filter(({ layout }) => !alive.has(layout.node));
        return missing.length === 0
          ? { ready: true, value: undefined }
          : { ready: false, why: `not alive: ${missing.map(({ name }) => name).join(", ")}` };
      }, { limitMs: LIMIT_MS, signal, clock: cluster.clock });
    },
  };
}

/** Whether the host's agent answers, and is the one that it should be. */
async function answers({ consul, layout }: ClusterHost, { signal }: StepOptions): Promise<boolean> {
  try {
    const self = await consul.agent.self({ signal, timeoutMs: 2_000 });
    return self.nodeName === layout.node;
  } catch (error) {
    if (!(error instanceof ConsulError)) throw error;
    return false;
  }
}

async function startAgent(
  { host, consul, agent }: ClusterHost,
  cluster: Cluster,
  { signal }: StepOptions,
): Promise<void> {
  await host.putFile({
    path: `${CONSUL_CONFIG_DIRECTORY}/agent.json`,
    content: renderAgentConfig({ ...agent, dataDir: host.programPath(agent.dataDir) }),
    mode: 0o640,
  }, { signal });
  await host.startUnit(CONSUL_UNIT, { signal });
  await waitFor("its Consul agent to answer", async (within) => {
    const status = await host.unitStatus(CONSUL_UNIT, { signal });
    if (status.state === "failed") {
      const log = await host.unitLog(CONSUL_UNIT, 5, { signal });
      return { ready: "never", error: new UnitError(host.name, CONSUL_UNIT, status.why, log) };
    }
    await consul.agent.self({ signal: within, timeoutMs: 2_000 });
    return { ready: true, value: undefined };
  }, { limitMs: LIMIT_MS, signal, clock: cluster.clock, intervalMs: 50 });
}

/** One leader, so many voters, and a write goes through: only then is there a KV. */
async function voters(
  cluster: Cluster,
  wanted: number,
  signal: AbortSignal,
): Promise<Readiness<void>> {
  const consul = consulOf(cluster);
  if (await consul.status.leader({ signal }) === null) {
    return { ready: false, why: "they have no leader" };
  }
  const servers = await consul.operator.raftConfiguration({ signal });
  const voting = servers.filter(({ voter }) => voter).length;
  return voting === wanted
    ? { ready: true, value: undefined }
    : { ready: false, why: `${voting} of them vote` };
}
