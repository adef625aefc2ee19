/**
 * What a coordinator costs that has nothing to do: a leader and a follower, for ten minutes:
 * `tools/deno run -A tests/bench/rc_idle.ts [MINUTES]`. Prints a table for README.md here.
 *
 * @module
 */

import { FaultCluster } from "../faults/cluster.ts";
import { leaderOf } from "../faults/leadership.ts";
import { startProcess } from "../rc/nodes.ts";
import { cpuSeconds, print, rssMb } from "./measure.ts";

const minutes = Number(Deno.args[0] ?? 10);
const addresses = ["127.79.10.1", "127.79.10.2", "127.79.10.3"];
await using cluster = await FaultCluster.start(addresses, (address) => startProcess(address));
const { node: leader } = await leaderOf(cluster.nodes);
const follower = cluster.nodes.find((node) => node !== leader) ?? leader;
const SETTLING_MS = 20_000;
await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
const before = await Promise.all([leader, follower].map(({ rc }) => cpuSeconds(rc.pid)));
await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
print(`| ${minutes} minutes idle | of a core | memory |`);
print("| --- | --- | --- |");
for (const [i, { rc }] of [leader, follower].entries()) {
  const cpu = await cpuSeconds(rc.pid) - (before[i] ?? 0);
  const share = (cpu / (minutes * 60) * 100).toFixed(2);
  print(`| ${i === 0 ? "leader" : "follower"} | ${share} % | ${await rssMb(rc.pid)} MB |`);
}
