/**
 * Three servers and a client: what a client of the API sees while Raft loses its leader.
 *
 * @module
 */

import { ConsulError } from "../../mod/consul/mod.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { startCluster, startConsul } from "../lib/consul.ts";

const ADDRESSES = ["127.78.3.1", "127.78.3.2", "127.78.3.3"] as const;

Deno.test("a watch at a client agent outlives the Raft leader, whom the others then give up", async () => {
  await using cluster = await startCluster(ADDRESSES);
  await using client = await startConsul({
    address: "127.78.3.4",
    server: false,
    join: ADDRESSES,
  });
  const { consul } = client;
  const members = (await consul.agent.members()).map(({ server }) => server);
  assertEquals(members.toSorted(), [false, true, true, true]);
  assertEquals((await consul.status.peers()).length, 3);

  const signal = AbortSignal.timeout(60_000);
  await consul.kv.put("state", "before");
  const errors: ConsulError[] = [];
  const watch = consul.kv.watch("state", { signal, onError: (error) => errors.push(error) });
  assertEquals((await watch.next()).value?.value, "before");
  const after = watch.next();

  const leader = await consul.status.leader();
  const led = cluster.agents.find(({ address }) => `${address}:8300` === leader);
  assert(led !== undefined);
  await led.kill();
  await waitFor("a write without the old leader", async (signal) => {
    await consul.kv.put("state", "after", { signal });
    return { ready: true, value: undefined };
  }, { limitMs: 30_000, signal });
  assertEquals((await after).value?.value, "after");
  assert(errors.every((error) => error.retryable));
  await watch.return?.();

  // The dead server is given up, and the client takes its leave.
  const [alive] = cluster.agents.filter((agent) => agent !== led);
  assert(alive !== undefined);
  await alive.consul.agent.forceLeave(led.node, { signal });
  await consul.agent.join(alive.address, { signal });
  await consul.agent.leave({ signal });
  await waitFor("both to have left", async (signal) => {
    const members = await alive.consul.agent.members({ signal });
    const staying = members.filter(({ status }) => status !== "left").map(({ name }) => name);
    return staying.length === 2
      ? { ready: true, value: undefined }
      : { ready: false, why: `${staying.join(", ")} have not` };
  }, { limitMs: 30_000, signal });
});

Deno.test("a watch of both shows what is written while the host of the former Raft leader is silent", async () => {
  await using cluster = await startCluster(ADDRESSES);
  const [first] = cluster.agents;
  const leader = await first?.consul.status.leader();
  const led = cluster.agents.find(({ address }) => `${address}:8300` === leader);
  const [watched] = cluster.agents.filter((agent) => agent !== led);
  assert(led !== undefined && watched !== undefined);
  const { kv } = watched.consul;
  await kv.put("state", "before");
  // A question that was passed on to the silent leader is without an answer for longer than this.
  const signal = AbortSignal.timeout(25_000);
  const watch = kv.watch("state", { signal, asked: "both" });
  while ((await watch.next()).value?.value !== "before");
  const after = watch.next();
  await led.pause();
  await waitFor("a write without the old leader", async (signal) => {
    await kv.put("state", "after", { signal, timeoutMs: 1000 });
    return { ready: true, value: undefined };
  }, { limitMs: 20_000, signal });
  assertEquals((await after).value?.value, "after");
  await watch.return?.();
});

Deno.test("a led watch fails at a server that hears of no leader, and shows what is so once it does", async () => {
  await using cluster = await startCluster(ADDRESSES);
  const leader = await cluster.agents[0]?.consul.status.leader();
  // Not the leader: a server that has led from its start leaves such a question without an answer.
  const cutOff = cluster.agents.find(({ address }) => `${address}:8300` !== leader);
  assert(cutOff !== undefined);
  const others = cluster.agents.filter((agent) => agent !== cutOff);
  const { kv } = cutOff.consul;
  await kv.put("state", "before");
  const signal = AbortSignal.timeout(60_000);
  await waitFor("the server's own state", async (signal) => {
    const found = (await kv.get("state", { signal, stale: true }))?.value;
    return found === "before"
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${found}` };
  }, { limitMs: 30_000, signal });
  const failures: string[] = [];
  const onError = ({ message }: ConsulError) => failures.push(message);
  const watch = kv.watch("state", { signal, asked: "led server", waitMs: 500, onError });
  assertEquals((await watch.next()).value?.value, "before");
  const after = watch.next();
  for (const other of others) await other.pause();
  await waitFor("the watch to fail", () =>
    Promise.resolve(
      failures.length > 0
        ? { ready: true, value: undefined }
        : { ready: false, why: "it has not" } as const,
    ), { limitMs: 30_000, signal });
  assertEquals(
    failures[0],
    `GET ${cutOff.consul.address}/v1/kv/state: the server that is asked has no leader`,
  );
  for (const other of others) other.resume();
  await waitFor("a write", async (signal) => {
    await kv.put("state", "after", { signal, timeoutMs: 1000 });
    return { ready: true, value: undefined };
  }, { limitMs: 30_000, signal });
  assertEquals((await after).value?.value, "after");
  await watch.return?.();
});
