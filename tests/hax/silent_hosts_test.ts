/**
 * hax on three Consul servers of which one falls silent: whose entrypoint is given.
 */

import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { type ConsulAgent, startCluster } from "../lib/consul.ts";
import { elect, eventually, importConfiguration, registerServices, startHax } from "./node.ts";

const ADDRESSES = ["127.80.5.1", "127.80.5.2", "127.80.5.3"] as const;

/** Makes `node` lead, in spite of an election of Raft. */
async function electPatiently({ consul }: ConsulAgent, node: string): Promise<void> {
  await waitFor(`${node} to lead`, async () => {
    await elect(consul, node);
    return { ready: true, value: undefined };
  }, { limitMs: 60_000 });
}

Deno.test("the entrypoint is never of a leader before, whichever server falls silent", async () => {
  await using cluster = await startCluster(ADDRESSES);
  const [own, other] = cluster.agents;
  assert(own !== undefined && other !== undefined);
  const { consul, node } = own;
  await importConfiguration(consul, [node, other.node]);
  await registerServices(consul, own.address, [node]);
  await electPatiently(own, node);
  await using hax = startHax(consul, own.address);
  const principal = async () => {
    const { status, body } = await hax.get("/entrypoint");
    return status === 503 ? null : (body as { principalRm: { node: string } }).principalRm.node;
  };
  await eventually("the entrypoint", principal, node);

  await own.pause();
  await eventually("no entrypoint", principal, null, 60_000);
  await electPatiently(other, other.node);
  own.resume();
  const seen = new Set<string | null>();
  await eventually(
    "the entrypoint of the new leader",
    async () => {
      const now = await principal();
      seen.add(now);
      return now;
    },
    other.node,
    60_000,
  );
  assertEquals(seen.has(node), false, "the server's return shows no leader of the past");

  const leader = await other.consul.status.leader();
  const led = cluster.agents.find(({ address }) => `${address}:8300` === leader);
  assert(led !== undefined && led !== own);
  await led.pause();
  await electPatiently(own, node);
  await eventually("the entrypoint without the old Raft leader", principal, node, 60_000);
});
