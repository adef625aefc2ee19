/**
 * How long the binary takes to start: `tools/deno task bench [RUNS]`. Prints a table for
 * README.md here.
 *
 * @module
 */

import { runHere } from "../../mod/lib/process.ts";
import { HARE } from "../lib/hare.ts";

/** What is started, each so many times. */
const COMMANDS = [["--version"], ["--help"], ["complete", "--", "de"]] as const;

/** One run, in milliseconds. */
interface Sample {
  readonly wall: number;
  /** User and system time of the processor. */
  readonly cpu: number;
}

// bash reports what the child has used; its time format is in seconds.
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; time "$0" "$@" > /dev/null';

async function measure(args: readonly string[]): Promise<Sample> {
  const { stderr } = await runHere(["bash", "-c", TIMED, HARE, ...args]);
  const [real = NaN, user = NaN, sys = NaN] = stderr.trim().split(" ").map(Number);
  return { wall: real * 1000, cpu: (user + sys) * 1000 };
}

/** `min / median / max`, whole milliseconds. */
function summary(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index]?.toFixed(0) ?? "-";
  return `${at(0)} / ${at(sorted.length >> 1)} / ${at(sorted.length - 1)}`;
}

const runs = Number(Deno.args[0] ?? 30);
const lines = [
  `${runs} runs each; min / median / max, ms`,
  "",
  "| command | wall | CPU |",
  "| --- | --- | --- |",
];
for (const args of COMMANDS) {
  await measure(args); // the first run reads the file from the disk
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await measure(args));
  const [wall, cpu] = [samples.map((each) => each.wall), samples.map((each) => each.cpu)];
  lines.push(`| \`hare ${args.join(" ")}\` | ${summary(wall)} | ${summary(cpu)} |`);
}
await Deno.stdout.write(new TextEncoder().encode(lines.join("\n") + "\n"));
