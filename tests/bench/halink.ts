/**
 * Three hax with the HA link, 20 processes each, played by the test library, on three Consul
 * servers: `tools/deno run -A tests/bench/halink.ts [SECONDS WITHOUT CONSUL]`. Prints a table for
 * README.md here. Each hax is a process of its own, as the library allows one interface in each:
 * this program once more, told on standard input what to do.
 *
 * @module
 */

import { Consul } from "../../mod/consul/mod.ts";
import { HaLink } from "../../mod/halink/mod.ts";
import { pidExists } from "../../mod/hax/presence.ts";
import { serveHax } from "../../mod/hax/server.ts";
import { servicesOf } from "../../mod/agent/services.ts";
import { formatBroadcast, HA_STATES, type HaState } from "../../mod/kv/broadcast.ts";
import { layoutOf } from "../../mod/kv/cluster.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import {
  BQ_PREFIX,
  EPOCH,
  IMPORTED,
  LEADER,
  NODE_PREFIX,
  PROCESSES_PREFIX,
  processKey,
} from "../../mod/kv/keys.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { type Fid, makeFid } from "../../mod/lib/fid.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { buildForTests, FakeMotr } from "../halink/fake_motr.ts";
import { type ConsulAgent, startCluster } from "../lib/consul.ts";
import { linesOf, medianAndWorst, print, rssMb, threadCount } from "./measure.ts";

const ADDRESSES = ["127.80.11.1", "127.80.11.2", "127.80.11.3"];
const PROCESSES = 20;
const BROADCASTS = 1_000;
const CONNECTS = 1_000;
/** Asks for the entrypoint of each hax while the broadcasts wait. */
const ASKS = 300;
const [STARTING, STARTED] = [0, 1];
/** Keys of hax, of the confd and of the first of the other processes, on node `n`. */
const keysOf = (n: number) => ({ hax: 6 + 1000 * n, confd: 9 + 1000 * n, first: 12 + 1000 * n });

/** One broadcast, by its number. */
function broadcastOf(i: number): { readonly fid: Fid; readonly state: HaState } {
  return { fid: makeFid("drive", 1 + i % 100), state: HA_STATES[1 + i % 6] ?? "online" };
}

/** What the library's checksum of all broadcasts is, told once and in order. */
function expectedChecksum(): bigint {
  let sum = 0n;
  for (let i = 0; i < BROADCASTS; i++) {
    const { fid, state } = broadcastOf(i);
    sum = BigInt.asUintN(64, sum * 31n + fid.key * 8n + BigInt(HA_STATES.indexOf(state)));
  }
  return sum;
}

/** What a node has measured. */
interface Figures {
  readonly asks: readonly number[];
  readonly changes: readonly number[];
  readonly burst: number;
  readonly areExact: boolean;
  readonly growth: { readonly mb: number; readonly threads: number };
}

if (Deno.args[0] === "node") await runNode(Number(Deno.args[1]), Deno.args[2] ?? "");
else await runAll(Number(Deno.args[0] ?? 60));

/** One hax and its processes. */
async function runNode(n: number, library: string): Promise<void> {
  const address = ADDRESSES[n] ?? "";
  const keys = keysOf(n);
  const consul = new Consul({ address: `http://${address}:8500` });
  using motr = new FakeMotr(library);
  const stop = new AbortController();
  const ended = serveHax({
    ...{ consul, clock: systemClock, random: Math.random, pidExists, boot: "this boot" },
    openLink: (identity, events) =>
      HaLink.open({
        ...{ library, identity, events },
        startWorker: () =>
          new Worker(new URL("../../main.ts", import.meta.url), { type: "module" }),
      }),
  }, { listen: { hostname: address, port: 8008 }, signal: stop.signal });
  const orders = linesOf(Deno.stdin.readable);
  const order = async (expected: string) => {
    const { value } = await orders.next();
    if (value !== expected) throw new Error(`${value} instead of ${expected}`);
  };
  const tell = (value: unknown) => print(JSON.stringify(value));

  await waitFor("the link", async () => {
    const { link } = await (await fetch(`http://${address}:8008/health`)).json();
    return link === "up" ? { ready: true, value: undefined } : { ready: false, why: link };
  }, { limitMs: 60_000 });
  const peers = Array.from({ length: PROCESSES }, (_, i) => keys.first + 3 * i);
  const links = await Promise.all(peers.map(async (key) => (await motr.ask(key, Deno.pid)).link));
  tell("linked");

  await order("broadcast");
  const asks: number[] = [];
  const until = performance.now() + 10_000;
  const areTold = () => links.every((link) => motr.told(link).notes >= BROADCASTS);
  while (asks.length < ASKS || !areTold() && performance.now() < until) {
    const { ms, link } = await motr.ask(keys.confd, Deno.pid);
    asks.push(ms);
    await motr.end(link);
    await systemClock.sleep(1);
  }
  const expected = expectedChecksum();
  const areExact = links.every((link) => {
    const { notes, checksum } = motr.told(link);
    return notes === BROADCASTS && checksum === expected;
  });

  const seen = watchRecords(consul, stop.signal);
  const changes: number[] = [];
  for (const [i, link] of links.entries()) {
    const key = peers[i] ?? 0;
    const begun = performance.now();
    await motr.events(link, key, STARTING, { pid: Deno.pid });
    await seen.has(key, "STARTING");
    changes.push(performance.now() - begun);
  }
  const begun = performance.now();
  await Promise.all(
    links.map((link, i) => motr.events(link, peers[i] ?? 0, STARTED, { pid: Deno.pid })),
  );
  await Promise.all(peers.map((key) => seen.has(key, "STARTED")));
  const burst = performance.now() - begun;

  const connect = async () => {
    for (let round = 0; round < CONNECTS / 100; round++) {
      const all = await Promise.all(
        Array.from({ length: 100 }, () => motr.ask(keys.confd, Deno.pid)),
      );
      await Promise.all(all.map(({ link }) => motr.end(link)));
    }
  };
  await connect(); // what the first thousand takes is taken once
  const before = [await rssMb(Deno.pid), await threadCount()] as const;
  await connect();
  const growth = {
    mb: await rssMb(Deno.pid) - before[0],
    threads: await threadCount() - before[1],
  };
  tell({ asks, changes, burst, areExact, growth } satisfies Figures);

  await order("away");
  await waitFor("EAGAIN", async () => {
    const { rc } = await motr.ask(keys.confd, Deno.pid);
    return rc === 0 ? { ready: false, why: "it is let in" } : { ready: true, value: undefined };
  }, { limitMs: 120_000 });
  tell("away");
  await order("back");
  const back = performance.now();
  await waitFor("the entrypoint", async () => {
    const { rc } = await motr.ask(keys.confd, Deno.pid);
    return rc === 0 ? { ready: true, value: undefined } : { ready: false, why: `${rc}` };
  }, { limitMs: 120_000, intervalMs: 5 });
  tell(performance.now() - back);
  await order("end");
  stop.abort();
  await ended;
  motr.assertContractHeld();
  consul[Symbol.dispose]();
  Deno.exit(0);
}

/** All of it. */
async function runAll(awayS: number): Promise<void> {
  const library = (await buildForTests("the HA link", ["motr"])).get("motr");
  if (library === undefined) return;
  await using cluster = await startCluster(ADDRESSES);
  const [first] = cluster.agents;
  if (first === undefined) return;
  const { consul, node } = first;
  await describe(cluster.agents);
  const session = await consul.session.create({
    ...{ name: "bench", lockDelay: "0s", nodeChecks: ["serfHealth"], serviceChecks: [] },
  });
  await consul.kv.acquire(LEADER, node, session);
  const nodes = ADDRESSES.map((_, n) => startNode(n, library));
  const each = <T>() => Promise.all(nodes.map(async ({ said }) => (await said.next()).value as T));
  const order = (text: string) => Promise.all(nodes.map((node) => node.order(text)));
  try {
    await each();
    const broadcasts = Array.from(
      { length: BROADCASTS },
      (_, i) => formatBroadcast(broadcastOf(i)),
    );
    await order("broadcast");
    await enqueue(consul, BQ_PREFIX, broadcasts);
    const figures = await each<Figures>();
    await order("away");
    for (const agent of cluster.agents) await agent.pause();
    await each();
    await systemClock.sleep(awayS * 1000);
    for (const agent of cluster.agents) agent.resume();
    await waitFor(
      "Consul",
      async (signal) =>
        await consul.kv.get(LEADER, { signal, consistent: true, timeoutMs: 1000 }).then(
          () => ({ ready: true, value: undefined }) as const,
          (error) => ({ ready: false, why: String(error) }) as const,
        ),
      { limitMs: 60_000, intervalMs: 20 },
    );
    // The lock went with its session's node while it was away.
    const again = await consul.session.create({
      ...{ name: "bench", lockDelay: "0s", nodeChecks: ["serfHealth"], serviceChecks: [] },
    });
    await consul.kv.acquire(LEADER, node, again);
    await order("back");
    const returns = await each<number>();
    await order("end");
    print("| what | median, worst | target |");
    print("| --- | --- | --- |");
    const row = (what: string, values: readonly number[], target: string) =>
      print(`| ${what} | ${medianAndWorst(values)} | ${target} |`);
    row(
      "an entrypoint, while 1,000 broadcasts wait",
      figures.flatMap(({ asks }) => asks),
      "5 ms, 100 ms",
    );
    row("a change of state is in the KV", figures.flatMap(({ changes }) => changes), "100 ms");
    row("20 changes at once on each node", figures.map(({ burst }) => burst), "");
    row(`the entrypoint is back after Consul was, away ${awayS} s`, returns, "1 s");
    const exact = figures.every(({ areExact }) => areExact) ? "once, in order" : "NOT EXACT";
    print(`each of 60 processes was told ${BROADCASTS} broadcasts: ${exact}`);
    const growth = figures.map(({ growth: { mb, threads } }) => `${mb} MB, ${threads} threads`);
    print(`after ${CONNECTS} connects more: ${growth.join("; ")}`);
  } finally {
    for (const node of nodes) node.kill();
  }
}

/** The configuration of all nodes, and their services. */
async function describe(agents: readonly ConsulAgent[]): Promise<void> {
  const [first] = agents;
  if (first === undefined) return;
  const { consul } = first;
  await consul.kv.put(EPOCH, "1");
  for (const [n, { node }] of agents.entries()) {
    const { hax, confd, first } = keysOf(n);
    const processes: readonly (readonly [number, string])[] = [
      [hax, "ha rms"],
      [confd, "rms confd"],
      ...Array.from({ length: PROCESSES }, (_, i) => [first + 3 * i, "rms ios"] as const),
    ];
    for (const [key, types] of processes) {
      const service = `${NODE_PREFIX}${node}/service/${key}`;
      await consul.kv.put(`${service}/types`, types);
      await consul.kv.put(`${service}/ep`, `10.0.0.${n + 1}@tcp:12345:2:${key}`);
    }
  }
  await consul.kv.put(IMPORTED, "now");
  const layout = layoutOf(await consul.kv.list(NODE_PREFIX));
  for (const [n, agent] of agents.entries()) {
    const own = layout.processes.filter(({ node }) => node === agent.node);
    const [service] = servicesOf(own, { address: ADDRESSES[n] ?? "", port: 8008 });
    if (service !== undefined) await agent.consul.agent.registerService({ ...service, checks: [] });
  }
}

function startNode(n: number, library: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", import.meta.url, "node", String(n), library],
    ...{ stdin: "piped", stdout: "piped", env: { HARE_LOG: "error" } },
  }).spawn();
  const writer = child.stdin.getWriter();
  const parsed = async function* () {
    for await (const line of linesOf(child.stdout)) yield JSON.parse(line);
  };
  return {
    said: parsed(),
    order: (text: string) => writer.write(new TextEncoder().encode(`${text}\n`)),
    kill: () => {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended
      }
    },
  };
}

/** The records of processes as they come to the KV. */
function watchRecords(consul: Consul, signal: AbortSignal) {
  const states = new Map<string, string>();
  let wake = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const entries of consul.kv.watchPrefix(PROCESSES_PREFIX, { signal })) {
      for (const { key, value } of entries) states.set(key, JSON.parse(value).state);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  watching.catch((error) => {
    if (!signal.aborted) throw error;
  });
  return {
    async has(key: number, state: string): Promise<void> {
      const at = processKey(makeFid("process", key));
      while (states.get(at) !== `M0_CONF_HA_PROCESS_${state}`) await wake.promise;
    },
  };
}
