/**
 * How long `hare dev up` takes, by phase, for each example: `deno run -A tests/bench/dev_up.ts
 * [RUNS]`, with the binary built before. Prints a table for README.md here.
 *
 * @module
 */

import type { BringUpEvent } from "../../mod/bringup/engine.ts";
import type { Output } from "../../mod/lib/process.ts";
import { join } from "../../mod/lib/std/path.ts";
import { hare } from "../lib/hare.ts";

const EXAMPLES = ["singlenode", "three-nodes", "ees"] as const;
const NET = "127.77.90";

function outputOf({ code, stdout, stderr }: Output): string {
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** Seconds of each phase of one bring-up, in their order; the whole is the last. */
async function measure(example: string): Promise<ReadonlyMap<string, number>> {
  const parent = await Deno.makeTempDir();
  const place = ["--dir", join(parent, "dev")];
  const cdf = `examples/${example}.yaml`;
  try {
    const started = performance.now();
    const events = outputOf(await hare(["dev", "up", ...place, "--net", NET, "--json", cdf]));
    const whole = (performance.now() - started) / 1000;
    const seconds = events.trim().split("\n")
      .map((line): BringUpEvent => JSON.parse(line))
      .flatMap((e): [string, number][] => e.event === "phase-end" ? [[e.phase, e.seconds]] : []);
    return new Map([...seconds, ["whole", whole]]);
  } finally {
    outputOf(await hare(["dev", "down", ...place]));
    await Deno.remove(parent, { recursive: true });
  }
}

function summary(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0, sorted.length >> 1, sorted.length - 1].map((i) => sorted[i]?.toFixed(1)).join(" / ");
}

Deno.chdir(new URL("../..", import.meta.url));
const runs = Number(Deno.args[0] ?? 5);
const columns: (readonly ReadonlyMap<string, number>[])[] = [];
for (const example of EXAMPLES) {
  const samples: ReadonlyMap<string, number>[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await measure(example));
  columns.push(samples);
}
const lines = [
  `${runs} runs each; min / median / max, s`,
  "",
  `| phase | ${EXAMPLES.join(" | ")} |`,
  "| --- | --- | --- | --- |",
  ...(columns[0]?.[0]?.keys() ?? []).map((phase) => {
    const cells = columns.map((samples) => summary(samples.map((each) => each.get(phase) ?? NaN)));
    return `| ${phase} | ${cells.join(" | ")} |`;
  }),
];
await Deno.stdout.write(new TextEncoder().encode(lines.join("\n") + "\n"));
