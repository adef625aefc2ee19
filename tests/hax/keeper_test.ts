/**
 * The queues of hax's HA link on real Consul: what is said in bursts, and what is broadcast while
 * Raft's leader falls silent.
 */

import { type Consul, ConsulError } from "../../mod/consul/mod.ts";
import type { LinkEvents } from "../../mod/halink/mod.ts";
import { identityOf } from "../../mod/hax/identity.ts";
import { LinkKeeper, type LinkStore } from "../../mod/hax/link_keeper.ts";
import { formatBroadcast } from "../../mod/kv/broadcast.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { BQ_PREFIX, EPOCH, EQ_PREFIX } from "../../mod/kv/keys.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { startCluster, startConsul } from "../lib/consul.ts";
import { eventually } from "./node.ts";

const NODE = "ssc-vm1";
const LINK = 1n;
const own = identityOf(NODE, "6");
const drive = (n: number) => makeFid("drive", n);

/** A keeper whose library is this test: what it is told, and the side to which it speaks. */
interface Running extends AsyncDisposable {
  /** What was told, in order: keys of drives. */
  readonly told: readonly number[];
  readonly library: LinkEvents;
}

/** Starts a keeper, with one process linked. */
async function startKeeper(consul: Consul, cas: LinkStore["kv"]["cas"]): Promise<Running> {
  const told: number[] = [];
  const stop = new AbortController();
  const opened = Promise.withResolvers<LinkEvents>();
  const { kv } = consul;
  const keeper = new LinkKeeper({
    consul: {
      kv: {
        get: (...call) => kv.get(...call),
        keys: (...call) => kv.keys(...call),
        list: (...call) => kv.list(...call),
        watchPrefix: (...call) => kv.watchPrefix(...call),
        cas,
      },
      txn: (...call) => consul.txn(...call),
    },
    clock: systemClock,
    random: Math.random,
    startOf: (pid) => pid,
    open: (_, events) => {
      opened.resolve(events);
      return Promise.resolve({
        start: () => Promise.resolve(),
        stop: () => Promise.resolve(),
        leave: () => {},
        isAsked: false,
        answerWaiting: () => {},
        sendStates: (link, { notes }) => {
          told.push(...notes.map(({ fid }) => Number(fid.key)));
          queueMicrotask(() => events.sent(link, true));
        },
        sendFailureVector: () => {},
      });
    },
    entrypoint: () => ({ known: false, why: "nobody leads" }),
    layout: () => ({
      processes: [{ node: NODE, fidk: 6, fid: own.process, types: ["ha"], endpoint: "ep" }],
    }),
    processes: { hear: () => {}, isUp: () => false, running: () => [] },
  });
  const ended = keeper.run(own, stop.signal);
  const library = await opened.promise;
  const process = makeFid("process", 9);
  library.connected(LINK, { process, endpoint: "ep", pid: 9, isFirst: true });
  return {
    told,
    library,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

Deno.test("errors are queued together, in order, and none is lost while Consul hangs", async () => {
  await using agent = await startConsul({ address: "127.80.12.1" });
  const { consul } = agent;
  await using keeper = await startKeeper(consul, (...call) => consul.kv.cas(...call));
  const say = (first: number, count: number) => {
    for (let n = first; n < first + count; n++) {
      const source = makeFid("process", 9);
      keeper.library.message(LINK, { kind: "error", error: "stob io", fid: drive(n), source });
    }
  };
  const queued = async () =>
    (await consul.kv.list(EQ_PREFIX)).map(({ value }) => /0x([0-9a-f]+)"/.exec(value)?.[1]);
  const expected = (count: number) => Array.from({ length: count }, (_, n) => n.toString(16));
  say(0, 200);
  await eventually("the errors", queued, expected(200));
  const commits = new Set((await consul.kv.list(EQ_PREFIX)).map((entry) => entry.modifyIndex));
  assertEquals(commits.size, 4, "transactions");
  await agent.pause();
  say(200, 100);
  agent.resume();
  await eventually("the other errors", queued, expected(300));
});

for (const when of ["before", "after"] as const) {
  Deno.test(`each broadcast is told once, in order, also where Raft's leader falls silent right ${when} a claim`, async (t) => {
    await using cluster = await startCluster(["127.80.12.2", "127.80.12.3", "127.80.12.4"]);
    const leader = await cluster.agents[0]?.consul.status.leader();
    const led = cluster.agents.find(({ address }) => leader === `${address}:8300`);
    const [one, two] = cluster.agents.filter((agent) => agent !== led);
    assert(led !== undefined && one !== undefined && two !== undefined);
    const { consul } = one;
    await consul.kv.put(EPOCH, "1");
    const silent = Promise.withResolvers<void>();
    let claims = 0;
    await using keeper = await startKeeper(consul, async (...call) => {
      claims += 1;
      if (claims > 1) return await consul.kv.cas(...call);
      if (when === "after") assertEquals(await consul.kv.cas(...call), true);
      await led.pause();
      silent.resolve();
      if (when === "before") return await consul.kv.cas(...call);
      throw new ConsulError("the answer is lost", { kind: "timeout", retryable: true });
    });
    const broadcast = async (...keys: number[]) => {
      const values = keys.map((n) => formatBroadcast({ fid: drive(n), state: "failed" }));
      await enqueue(two.consul, BQ_PREFIX, values, { limitMs: 60_000 });
    };
    const told = (keys: readonly number[]) =>
      eventually("the broadcasts", () => Promise.resolve([...keeper.told]), keys, 60_000);
    await broadcast(1, 2, 3);
    await silent.promise;
    await t.step("what was claimed", () => told([1, 2, 3]));
    await broadcast(4);
    await t.step("what came later", () => told([1, 2, 3, 4]));
  });
}
