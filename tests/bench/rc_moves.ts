/**
 * How long leadership takes to move, with default settings, on three Consul servers on this machine:
 * `tools/deno run -A tests/bench/rc_moves.ts [RUNS [stop|kill|cut…]]`. Prints a table for README.md
 * here.
 *
 * @module
 */

import { FaultCluster } from "../faults/cluster.ts";
import { makeFault } from "../faults/fault.ts";
import { FAULTS } from "../faults/faults.ts";
import { raftLeaderOf } from "../faults/leadership.ts";
import { startProcess } from "../rc/nodes.ts";
import { medianAndWorst, print } from "./measure.ts";

/** Ways in which a leader is lost. */
const LOSSES = {
  stop: "the leader is told to stop",
  kill: "the leader is killed",
  cut: "the leader's host is cut off",
} as const;

/** Waits until all coordinators could lead, so that none is missed. */
async function allStandBy({ nodes }: FaultCluster): Promise<void> {
  const { consul } = await raftLeaderOf(nodes);
  while ((await consul.session.list()).length < nodes.length) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const [count = "20", ...names] = Deno.args;
const runs = Number(count);
const addresses = ["127.79.9.1", "127.79.9.2", "127.79.9.3"];
await using cluster = await FaultCluster.start(addresses, (address) => startProcess(address));
print(`| ${runs} runs each | median, worst |`);
print("| --- | --- |");
for (const [name, what] of Object.entries(LOSSES)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    await allStandBy(cluster);
    times.push(await makeFault(cluster.nodes, FAULTS[what]));
  }
  print(`| ${what} | ${medianAndWorst(times)} |`);
}
