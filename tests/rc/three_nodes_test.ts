/**
 * Coordinators on three nodes whose agents are one cluster of servers: who leads when a leader
 * stops, dies, freezes, or loses its confd, and that events neither get lost nor come twice.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { EQ_PREFIX, LEADER } from "../../mod/kv/keys.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { type ConsulAgent, startCluster } from "../lib/consul.ts";
import {
  eventually,
  importConfiguration,
  leaderNow,
  type RcProcess,
  registerConfd,
  setConfd,
  startHere,
  startProcess,
} from "./nodes.ts";
import { listing } from "./queue_world.ts";

const ADDRESSES = ["127.79.3.1", "127.79.3.2", "127.79.3.3"] as const;

/** The nodes, by name, and the client of one of them. */
interface Nodes {
  readonly agents: ReadonlyMap<string, ConsulAgent>;
  readonly consul: Consul;
}

async function withNodes(test: (nodes: Nodes) => Promise<void>): Promise<void> {
  await using cluster = await startCluster(ADDRESSES);
  const [first] = cluster.agents;
  assert(first !== undefined);
  await importConfiguration(cluster.agents);
  for (const [i, agent] of cluster.agents.entries()) await registerConfd(agent, i);
  const agents = new Map(cluster.agents.map((agent) => [agent.node, agent]));
  await test({ agents, consul: first.consul });
}

function get<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`there is no ${name}`);
  return value;
}

/** Runs a coordinator on each node; the last is there to be waited for. */
async function startAll(
  { agents, consul }: Nodes,
  ...args: readonly string[]
): Promise<Map<string, RcProcess>> {
  const all = new Map<string, RcProcess>();
  for (const [node, { address }] of agents) all.set(node, startProcess(address, ...args));
  const leader = await leaderNow(consul);
  for (const [node, rc] of all) {
    if (node !== leader) await rc.line(new RegExp(`rc: ${node} follows ${leader}$`));
  }
  return all;
}

async function endAll(all: ReadonlyMap<string, RcProcess>): Promise<void> {
  await Promise.all([...all.values()].map((rc) => rc[Symbol.asyncDispose]()));
}

/** Sessions of coordinators, as node names. */
async function sessionNodes(consul: Consul): Promise<string[]> {
  return (await consul.session.list()).map(({ node }) => node).toSorted();
}

Deno.test("leadership is handed over by a leader that stops, and taken over from one that died", () =>
  withNodes(async (nodes) => {
    const { agents, consul } = nodes;
    const names = [...agents.keys()];
    const all = await startAll(nodes);
    try {
      const first = await leaderNow(consul);
      assertEquals(await sessionNodes(consul), names);

      const stopped = performance.now();
      const stopping = get(all, first).stop();
      const second = await leaderNow(consul, first);
      const handOver = performance.now() - stopped;
      assert(handOver < 1000, `handed over in ${handOver} ms`);
      assertEquals(await stopping, 0);
      assertEquals(await sessionNodes(consul), names.filter((node) => node !== first));

      const killed = performance.now();
      await get(all, second).kill();
      const third = await leaderNow(consul, first, second);
      const takeOver = performance.now() - killed;
      assert(takeOver > 1000 && takeOver < 5000, `taken over in ${takeOver} ms`);
      await eventually("the dead one's session to end", () => sessionNodes(consul), [third]);

      // Nobody else is there: a leader that died and came back within its TTL leads at once, with a
      // session of its own.
      const before = await consul.kv.get(LEADER);
      await get(all, third).kill();
      all.set(third, startProcess(get(agents, third).address));
      await get(all, third).line(/ended session .* which nobody owned/);
      await get(all, third).line(/leads, with session/);
      const after = await consul.kv.get(LEADER);
      assertEquals([after?.value, after?.session !== before?.session], [third, true]);
      assertEquals(await sessionNodes(consul), [third]);
    } finally {
      await endAll(all);
    }
  }));

Deno.test("a leader that was frozen past its session changes nothing when it wakes", () =>
  withNodes(async (nodes) => {
    const { consul } = nodes;
    const all = await startAll(nodes, "--check-ttl", "1s", "--lock-delay", "250ms");
    try {
      const frozen = await leaderNow(consul);
      const events = Array.from({ length: 300 }, (_, i) => `tmo${i}`);
      const produced = enqueueOneByOne(consul, events);
      await get(all, frozen).line(/eq\/000000010 tmo/);
      get(all, frozen).pause(); // somewhere in its work
      const next = await leaderNow(consul, frozen);
      get(all, frozen).resume();
      await get(all, frozen).line(/leads no longer/);
      await get(all, frozen).line(new RegExp(`rc: ${frozen} follows ${next}$`));
      await produced;
      await eventually("an empty queue", () => consul.kv.keys(EQ_PREFIX), []);
      // Each event has set one timeout, which is named after the index of the event.
      const set = (await consul.kv.list("timeout/")).flatMap(({ value }) => value.split(","));
      assertEquals([set.length, new Set(set).size], [events.length, events.length]);
      assertEquals(await consul.kv.keys("eq-rejected/"), []);
      assertEquals(await leaderNow(consul), next);
    } finally {
      await endAll(all);
    }
  }));

Deno.test("leadership leaves a node whose confd has failed, and no other", () =>
  withNodes(async (nodes) => {
    const { agents, consul } = nodes;
    const names = [...agents.keys()];
    const all = await startAll(nodes);
    try {
      const first = await leaderNow(consul);
      await setConfd(get(agents, first), names.indexOf(first), "critical");
      const second = await leaderNow(consul, first);
      await get(all, first).line(/cannot be elected yet: Check 'service:\d+' is in critical state/);
      await setConfd(get(agents, first), names.indexOf(first), "passing");
      await eventually("three candidates", () => sessionNodes(consul), names);
      assertEquals(await leaderNow(consul), second);
    } finally {
      await endAll(all);
    }
  }));

Deno.test("events are applied once and in order while leadership moves", () =>
  withNodes(async ({ agents, consul }) => {
    const start = (node: string) => startHere(get(agents, node).address, { rules: [listing] });
    const all = new Map([...agents.keys()].map((node) => [node, start(node)]));
    try {
      const events = Array.from({ length: 400 }, (_, i) => `n${i}`);
      const produced = enqueueOneByOne(consul, events);
      const leaders = new Set<string>();
      for (let moves = 0; moves < 6; moves++) {
        const leader = await leaderNow(consul);
        leaders.add(leader);
        if (moves % 2 === 0) {
          await get(all, leader).stop();
          all.set(leader, start(leader));
        } else {
          const { session } = await consul.kv.get(LEADER) ?? { session: null };
          if (session !== null) await consul.session.destroy(session);
        }
        await eventually("the lock to move", async () => {
          const entry = await consul.kv.get(LEADER);
          return entry !== null && entry.session !== null;
        }, true);
      }
      await produced;
      await eventually("an empty queue", () => consul.kv.keys(EQ_PREFIX), []);
      assertEquals((await consul.kv.get("list"))?.value.split(" "), events);
      assertEquals(await consul.kv.keys("eq-rejected/"), []);
      assert(leaders.size > 1, "leadership never moved");
      await eventually("a session a node", () => sessionNodes(consul), [...agents.keys()]);
    } finally {
      await Promise.all([...all.values()].map((one) => one[Symbol.asyncDispose]()));
    }
  }));

Deno.test("a leader goes on when Raft has lost its own", () =>
  withNodes(async ({ agents, consul: first }) => {
    const raft = (await first.status.leader())?.replace(/:\d+$/, "");
    const servers = [...agents.values()];
    const lost = servers.find(({ address }) => address === raft);
    const [one, other] = servers.filter((agent) => agent !== lost);
    assert(lost !== undefined && one !== undefined && other !== undefined);
    const { consul } = other;
    await using rc = startProcess(one.address);
    await rc.line(/leads, with session/);
    await lost.kill();
    await enqueueUntilAnswered(consul, "tmo1");
    await rc.line(/eq\/000000001 tmo1: set/);
    assertEquals(rc.lines.filter((line) => line.includes("leads no longer")), []);
    await rc.stop();
  }));

Deno.test("leadership leaves a node that died with its Consul server, and no event is lost", () =>
  withNodes(async (nodes) => {
    const { agents } = nodes;
    const all = await startAll(nodes);
    try {
      const leader = await leaderNow(nodes.consul);
      const survivor = [...agents.values()].find(({ node }) => node !== leader);
      assert(survivor !== undefined);
      const { consul } = survivor;
      await enqueue(consul, EQ_PREFIX, ["tmo1"]);
      await Promise.all([get(agents, leader).kill(), get(all, leader).kill()]);
      const next = await leaderNow(consul, leader);
      await enqueueUntilAnswered(consul, "tmo2");
      await get(all, next).line(/tmo2: set/);
      const set = (await consul.kv.list("timeout/")).flatMap(({ value }) => value.split(","));
      assertEquals(set.length, 2);
    } finally {
      await endAll(all);
    }
  }));

/** Puts one event on the queue as soon as Raft has a leader again. */
async function enqueueUntilAnswered(consul: Consul, event: string): Promise<void> {
  await waitFor("Raft's leader", async (signal) => {
    await consul.kv.get(LEADER, { signal, consistent: true });
    return { ready: true, value: undefined };
  }, { limitMs: 30_000 });
  await enqueue(consul, EQ_PREFIX, [event]);
}

async function enqueueOneByOne(consul: Consul, events: readonly string[]): Promise<void> {
  for (const event of events) await enqueue(consul, EQ_PREFIX, [event]);
}
