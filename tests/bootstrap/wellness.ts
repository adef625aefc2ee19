/**
 * Whether a cluster of test hosts is well, as each of its hosts sees it.
 *
 * @module
 */

import { waitFor } from "../../mod/lib/wait_for.ts";
import type { StatusJson } from "../../mod/status/mod.ts";
import type { TestHost } from "../hosts/mod.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { activeOn, unitsOn } from "./cluster.ts";

/** Units that are active, by host. */
export type Units = Awaited<ReturnType<typeof activeOn>>;

/** What `hare status` says on a host. */
export async function statusOf(host: TestHost): Promise<StatusJson> {
  return JSON.parse((await host.run(["hare", "status", "--json"])).stdout);
}

/**
 * Waits until these units are active and no others, and each host sees a healthy cluster: every
 * server STARTED in the process that runs now, and its checks passing; an RC that leads; every
 * Consul server voting.
 */
export async function waitUntilWell(hosts: readonly TestHost[], units: Units): Promise<void> {
  await waitFor("the cluster to be well", async () => {
    assertEquals(await activeOn(hosts), units);
    const running = await unitsOn(hosts);
    for (const host of hosts) assertWell(await statusOf(host), running);
    return { ready: true, value: undefined };
  }, { limitMs: 180_000, intervalMs: 500 });
}

function assertWell({ level, reasons, cluster }: StatusJson, running: Units): void {
  assertEquals([level, reasons], ["healthy", []]);
  assert(cluster !== undefined && cluster.rc.leader !== null && cluster.rc.sessionOk);
  assert(cluster.consul.servers.every(({ votes }) => votes));
  for (const { role, node, fid, state, pid, checks } of cluster.processes) {
    if (role !== "confd" && role !== "ios") continue;
    const unit = running[node]?.find((unit) => unit.startsWith(`m0d@${fid}.service `));
    assertEquals(unit, `m0d@${fid}.service active ${pid}`);
    const passing = checks.map(({ status }) => status);
    assertEquals([fid, state, ...passing], [fid, "STARTED", ...checks.map(() => "passing")]);
  }
}
