/**
 * Events per second through the queue of three Consul servers on this machine, by how many wait:
 * `tools/deno run -A tests/bench/rc_throughput.ts [EVENTS…]`. Prints a table for README.md here.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { EQ_PREFIX } from "../../mod/kv/keys.ts";
import { pauseRc, resumeRc } from "../../mod/rc/mod.ts";
import { FaultCluster } from "../faults/cluster.ts";
import { leaderOf } from "../faults/leadership.ts";
import { startProcess } from "../rc/nodes.ts";
import { print, rssMb } from "./measure.ts";

const never = new AbortController().signal;

/** Handled events of `type`, as the leader's metrics tell it. */
async function handled(address: string, type: string): Promise<number> {
  const text = await (await fetch(`http://${address}:8009/metrics`)).text();
  const line = new RegExp(
    `^hare_rc_events_total\\{type="${type}",result="handled"\\} (\\d+)$`,
    "m",
  );
  return Number(line.exec(text)?.[1] ?? 0);
}

/** Seconds in which `events` events are handled that all wait at the beginning. */
async function measure(consul: Consul, leader: string, text: string, events: number) {
  const [type = ""] = text.split(" ");
  await pauseRc(consul, { by: "bench", since: "", why: "" }, never);
  await enqueue(consul, EQ_PREFIX, Array.from({ length: events }, () => text), {
    limitMs: 600_000,
  });
  const before = await handled(leader, type);
  const began = performance.now();
  await resumeRc(consul, never);
  while (await handled(leader, type) < before + events) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, events / 20)));
  }
  return (performance.now() - began) / 1000;
}

const counts = Deno.args.length > 0 ? Deno.args.map(Number) : [10, 1000, 100_000];
const addresses = ["127.79.9.1", "127.79.9.2", "127.79.9.3"];
await using cluster = await FaultCluster.start(addresses, (address) => startProcess(address));
const { node: leader } = await leaderOf(cluster.nodes);
const { consul } = leader.agent;
print("| waiting | event | events/s | ms an event | leader's memory after |");
print("| --- | --- | --- | --- | --- |");
for (const events of counts) {
  for (const text of ["wake_RC", 'drive {"fid": "0x6b00000000000001:0x11", "state": "failed"}']) {
    if (events > 10_000 && !text.startsWith("wake")) continue;
    const seconds = await measure(consul, leader.address, text, events);
    const each = (seconds / events * 1000).toFixed(2);
    const rss = await rssMb(leader.rc.pid);
    print(
      `| ${events} | ${text.split(" ")[0]} | ${
        (events / seconds).toFixed(0)
      } | ${each} | ${rss} MB |`,
    );
  }
}
