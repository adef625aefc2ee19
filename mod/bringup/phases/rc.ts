/**
 * Phase: the recovery coordinator on every server, until one of them leads.
 *
 * @module
 */

import { RC_UNIT } from "../../host/places.ts";
import { LEADER } from "../../kv/keys.ts";
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
    const leader = await cluster.consul.kv.get(LEADER, { signal });
    return leader?.session && servers.some(({ layout }) => layout.node === leader.value)
      ? { ready: true, value: undefined }
      : { ready: false, why: "no RC holds the key `leader`" };
  };
  /** Where each confd has died, nobody can lead until the next phase has started one again. */
  const oneLeadsIfItCan = async (signal: AbortSignal): Promise<Readiness<void>> => {
    const answer = await oneLeads(signal);
    if (answer.ready === true) return answer;
    const confds = await cluster.consul.health.service("confd", { signal });
    const allDead = confds.every(({ checks }) =>
      checks.some(({ status }) => status === "critical")
    );
    return confds.length > 0 && allDead ? { ready: true, value: undefined } : answer;
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
