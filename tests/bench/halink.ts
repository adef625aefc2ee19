/**
 * Three hax with the HA link, 20 processes each, played by the test library, on three Consul
 * servers: `tools/deno run -A tests/bench/halink.ts [SECONDS WITHOUT CONSUL]`. Prints a table for
 * README.md here. Each hax is a program of its own, `halink_node.ts`.
 *
 * @module
 */

import { formatBroadcast } from "../../mod/kv/broadcast.ts";
import { layoutOf } from "../../mod/kv/cluster.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { BQ_PREFIX, EPOCH, IMPORTED, LEADER, NODE_PREFIX } from "../../mod/kv/keys.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { buildForTests } from "../halink/fake_motr.ts";
import { registerServicesOf } from "../hax/node.ts";
import { type ConsulAgent, startCluster } from "../lib/consul.ts";
import {
  broadcastOf,
  BROADCASTS,
  CONNECTS,
  type Figures,
  keysOf,
  PROCESSES,
} from "./halink_node.ts";
import { linesOf, medianAndWorst, print } from "./measure.ts";

const ADDRESSES = ["127.80.11.1", "127.80.11.2", "127.80.11.3"];

await runAll(Number(Deno.args[0] ?? 60));

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
  const nodes = ADDRESSES.map((address, n) => startNode(n, address, library));
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
    for (const [i, count] of CONNECTS.entries()) {
      const growth = figures.map(({ growth }) =>
        `${growth[i]?.mb} MB, ${growth[i]?.threads} threads`
      );
      print(`at rest after ${count} connects more: ${growth.join("; ")}`);
    }
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
    await registerServicesOf(agent.consul, ADDRESSES[n] ?? "", own);
  }
}

function startNode(n: number, address: string, library: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", new URL("halink_node.ts", import.meta.url).href],
      ...[String(n), address, library],
    ],
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
