/**
 * How long leadership takes to move, with default settings, on three Consul servers on this machine:
 * `tools/deno run -A tests/bench/rc_moves.ts [RUNS [stop|kill|cut…]]`. Prints a table for README.md
 * here.
 *
 * @module
 */

import { FaultCluster, type Node } from "../faults/cluster.ts";
import { leaderNow, startProcess } from "../rc/nodes.ts";
import { medianAndWorst, print } from "./measure.ts";

/** A way in which a leader is lost, and how the cluster is made whole again. */
interface Loss {
  readonly name: string;
  readonly what: string;
  lose(leader: Node): Promise<unknown>;
  mend(cluster: FaultCluster, leader: Node): Promise<unknown> | void;
}

const LOSSES: readonly Loss[] = [
  {
    name: "stop",
    what: "the leader is told to stop",
    lose: ({ rc }) => Promise.resolve(void rc.stop()),
    mend: (cluster, leader) => cluster.restartRc(leader),
  },
  {
    name: "kill",
    what: "the leader is killed (`kill -9`)",
    lose: ({ rc }) => rc.kill(),
    mend: (cluster, leader) => cluster.restartRc(leader),
  },
  {
    name: "cut",
    what: "the leader's host falls silent, its Consul server with it",
    lose: async ({ rc, agent }) => {
      rc.pause();
      await agent.pause();
    },
    mend: (_cluster, { rc, agent }) => {
      rc.resume();
      agent.resume();
    },
  },
];

/** Waits until all coordinators could lead, so that none is missed. */
async function allStandBy(cluster: FaultCluster): Promise<void> {
  const { consul } = (await cluster.raftLeader()).agent;
  while ((await consul.session.list()).length < cluster.nodes.length) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const [count = "20", ...names] = Deno.args;
const runs = Number(count);
const addresses = ["127.79.9.1", "127.79.9.2", "127.79.9.3"];
await using cluster = await FaultCluster.start(addresses, (address) => startProcess(address));
print(`| ${runs} runs each | median, worst |`);
print("| --- | --- |");
for (const { name, what, lose, mend } of LOSSES) {
  if (names.length > 0 && !names.includes(name)) continue;
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    await cluster.allVote();
    await allStandBy(cluster);
    const leader = await cluster.leaderOtherThan(null);
    const survivor = cluster.nodes.find((node) => node !== leader) ?? leader;
    const began = performance.now();
    await lose(leader);
    await leaderNow(survivor.agent.consul, leader.name);
    times.push(performance.now() - began);
    await mend(cluster, leader);
  }
  print(`| ${what} | ${medianAndWorst(times)} |`);
}
