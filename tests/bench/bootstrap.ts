/**
 * How long `hare bootstrap` takes on stand-in hosts where each command costs 200 ms:
 * `tools/deno run -A tests/bench/bootstrap.ts`. Prints a table for README.md here.
 *
 * @module
 */

import { systemClock } from "../../mod/lib/clock.ts";
import { bootstrapOn } from "../bringup/operations.ts";
import { StandInCluster, type StandInOptions } from "../bringup/stand_in_cluster.ts";

const LATENCY_MS = 200;

/** What is brought up; the ratio is to the case before. */
const CASES: readonly (readonly [what: string, options: StandInOptions])[] = [
  ["3 hosts, one step after another", { servers: 3, oneAfterAnother: true }],
  ["3 hosts, together", { servers: 3 }],
  ["10 hosts", { servers: 3, clients: 7 }],
  ["100 hosts", { servers: 3, clients: 97 }],
];

/** Seconds of a bring-up from nothing, and its commands. */
async function measure(options: StandInOptions): Promise<readonly [number, number]> {
  await using cluster = new StandInCluster({
    ...options,
    latencyMs: LATENCY_MS,
    clock: systemClock,
  });
  const began = systemClock.monotonic();
  await bootstrapOn(cluster, { signal: new AbortController().signal });
  return [(systemClock.monotonic() - began) / 1000, cluster.commands.length];
}

const lines = ["| what | commands | time, s | of the one before |", "| --- | --- | --- | --- |"];
let before: number | undefined;
for (const [what, options] of CASES) {
  const [seconds, commands] = await measure(options);
  const ratio = before === undefined ? "" : (seconds / before).toFixed(2);
  lines.push(`| ${what} | ${commands} | ${seconds.toFixed(1)} | ${ratio} |`);
  before = seconds;
}
await Deno.stdout.write(new TextEncoder().encode(lines.join("\n") + "\n"));
