/**
 * `tools/deno task test-long`: every test, including the long ones, with its result in
 * `tests/README.md`. Real Motr is tested where `HARE_TEST_MOTR` names it.
 *
 * @module
 */

import { systemClock } from "../mod/lib/clock.ts";
import { formatDuration } from "../mod/lib/duration.ts";
import { HareError } from "../mod/lib/errors.ts";
import { LONG_VARIABLE } from "../tests/lib/conditional.ts";
import { outputOf, ROOT } from "./exec.ts";
import { closingLine, type Counts } from "./junit.ts";
import { runTests } from "./run_tests.ts";
import { print, runTool } from "./say.ts";

const README = `${ROOT}tests/README.md`;
const SUITE_LIMIT_MS = 6 * 3_600_000;

/** Result of a long run. */
export interface LongRun {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Short hash, with `+changes` where the tree was not as committed. */
  readonly commit: string;
  readonly durationMs: number;
  readonly counts: Counts;
  /** Whether real Motr was tested. */
  readonly withMotr: boolean;
}

const BEGIN = "<!-- last long run: written by `tools/deno task test-long` -->";
const END = "<!-- end of the last long run -->";

/**
 * `readme` with the result of `run` in place of the one before.
 *
 * @throws {HareError} when the text has no place for it
 */
export function withResult(readme: string, run: LongRun): string {
  const [head, rest] = readme.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) {
    throw new HareError("tests/README.md has no place for the result of the long run", {
      hint: `put back the lines ${BEGIN} and ${END}`,
    });
  }
  const rows = [
    ["date", new Date(run.startedAt).toISOString().slice(0, 16).replace("T", " ") + " UTC"],
    ["commit", run.commit],
    ["duration", formatDuration(run.durationMs)],
    ["result", closingLine(run.counts)],
    ["real Motr", run.withMotr ? "tested" : "not tested"],
  ] as const;
  const width = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(([name, value]) => `| ${name.padEnd(9)} | ${value.padEnd(width)} |`);
  const table = [
    `| ${"".padEnd(9)} | ${"last run".padEnd(width)} |`,
    `| ${"-".repeat(9)} | ${"-".repeat(width)} |`,
    ...lines,
  ];
  return `${head}${BEGIN}\n\n${table.join("\n")}\n\n${END}${tail}`;
}

async function commitHere(): Promise<string> {
  const commit = (await outputOf(["git", "rev-parse", "--short=7", "HEAD"])).trim();
  const changes = await outputOf(["git", "status", "--porcelain"]);
  return changes === "" ? commit : `${commit}+changes`;
}

async function testLong(): Promise<boolean> {
  Deno.chdir(ROOT);
  Deno.env.set(LONG_VARIABLE, "1");
  const commit = await commitHere();
  const startedAt = systemClock.now();
  const began = systemClock.monotonic();
  const counts = await runTests({ paths: [], suiteLimitMs: SUITE_LIMIT_MS });
  const durationMs = systemClock.monotonic() - began;
  const withMotr = (Deno.env.get("HARE_TEST_MOTR") ?? "") !== "";
  const run = { startedAt, commit, durationMs, counts, withMotr };
  await Deno.writeTextFile(README, withResult(await Deno.readTextFile(README), run));
  print(closingLine(counts));
  return counts.failed === 0 && counts.passed > 0;
}

if (import.meta.main) {
  await runTool(async () => {
    if (!await testLong()) Deno.exit(1);
  });
}
