/**
 * Phase: the recovery coordinator on every server, until one of them leads.
 *
 * @module
 */

import { isSameNode } from "../../lib/node_name.ts";
import { RC_UNIT } from "../../host/places.ts";
import { PROCESSES_PREFIX, processKey } from "../../kv/keys.ts";
import { readLeader } from "../../kv/leader.ts";
import type { Readiness } from "../../lib/wait_for.ts";
import { type Cluster, type ClusterHost, serversOf } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { orWithoutConsul, waitForUnits } from "./readiness.ts";

/** Starts the RC. */
export function startRc(
  cluster: Cluster,
  hosts: readonly ClusterHost[] = cluster.hosts,
): Phase<ClusterHost> {
  const servers = serversOf(cluster);
  const oneLeads = async (signal: AbortSignal): Promise<Readiness<void>> => {
    const leader = await readLeader(cluster.consul, { signal });
    return leader !== null && servers.some(({ layout }) => isSameNode(layout.node, leader.node))
      ? { ready: true, value: undefined }
      : { ready: false, why: "no RC holds the key `leader`" };
  };
  /** Where each confd has died, nobody can lead until the next phase has started one again. */
  const oneLeadsIfItCan = async (signal: AbortSignal): Promise<Readiness<void>> => {
    const answer = await oneLeads(signal);
    return answer.ready === true || !await haveAllConfdsDied(cluster, servers, signal)
      ? answer
      : { ready: true, value: undefined };
  };
  return {
    name: "rc",
    title: "start the recovery coordinator",
    limitMs: 60_000,
    hosts: servers.filter((server) => hosts.includes(server)),
    isDone: async ({ host }, options) =>
      (await host.unitStatus(RC_UNIT, options)).state === "active" &&
      await orWithoutConsul(false, async () => (await oneLeads(options.signal)).ready === true),
    run: async (entry, options) => {
      await entry.host.enableUnit(RC_UNIT, options);
      await entry.host.startUnit(RC_UNIT, options);
      await cluster.gate.wait(() =>
        waitForUnits(cluster, [entry], [RC_UNIT], oneLeadsIfItCan, {
          ...options,
          what: "one of the RCs to lead",
        })
      );
    },
  };
}

/**
 * Whether every confd has run and is gone. A check that is critical does not say so by itself: it is
 * from the registration on, until the agent has asked hax for the first time.
 */
async function haveAllConfdsDied(
  { consul }: Cluster,
  servers: readonly ClusterHost[],
  signal: AbortSignal,
): Promise<boolean> {
  const [known, records] = await Promise.all([
    consul.health.service("confd", { signal }),
    consul.kv.keys(PROCESSES_PREFIX, { signal }),
  ]);
  const fids = servers.flatMap(({ layout }) =>
    layout.processes.filter(({ role }) => role === "confd").map(({ fid }) => fid)
  );
  return fids.every((fid) => records.includes(processKey(fid))) &&
    known.every(({ checks }) => checks.some(({ status }) => status === "critical"));
}
