/**
 * `tools/deno task test`: sets up all that the tests need, holds the rules, runs every test, and
 * ends with one line, `N passed, N failed`. With paths as arguments it runs the tests there only.
 * `test_long.ts` runs the long tests as well.
 *
 * @module
 */

import { messageOf } from "../mod/lib/errors.ts";
import { readTextFileIfAny } from "../mod/lib/files.ts";
import { setUpTestHosts } from "../tests/hosts/ready.ts";
import { build } from "./build.ts";
import { ensureConsul } from "./consul.ts";
import { installPackages, missingPackages, TEST_PROGRAMS, whyNoInstall } from "./debian.ts";
import { type Argv, DENO, passThrough, ROOT } from "./exec.ts";
import { closingLine, type Counts, countsOf, NONE, skippedIn, sum } from "./junit.ts";
import { print, say } from "./say.ts";

const ONE_FAILED: Counts = { ...NONE, failed: 1 };

/** Something that must succeed, and counts only when it does not. */
type Step = readonly [title: string, run: () => Promise<void>];

const SET_UP: readonly Step[] = [
  ["packages", () => mustPass([DENO, "install", "--quiet", "--frozen"])],
  ["Debian packages", installTestPrograms],
  ["consul", async () => Deno.env.set("CONSUL_BIN", await ensureConsul())],
  ["build", build],
];

/** Where only some tests are run, those on test hosts make their own set-up. */
const SET_UP_OF_ALL: readonly Step[] = [...SET_UP, ["test hosts", setUpTestHosts]];

const RULES: readonly Step[] = [
  ["format", () => mustPass([DENO, "fmt", "--quiet", "--check"])],
  ["lint, with the map's arrows and docstrings", () => mustPass([DENO, "lint", "--quiet"])],
  ["types", () => mustPass([DENO, "check", "--quiet", "--frozen", "--doc", "."])],
];

/** A set of tests: one run of `deno test`. */
interface Suite {
  readonly title: string;
  readonly options: readonly string[];
  readonly paths: readonly string[];
}

const UNITS: Suite = {
  title: "unit tests and examples in the docs",
  options: ["--doc", "--parallel"],
  paths: ["main.ts", "mod", "cfgen", "tools"],
};

const TESTS_ON_HOSTS = [
  "tests/bootstrap",
  "tests/driver",
  "tests/faults/hosts_test.ts",
  "tests/hax/systemd_test.ts",
  "tests/hosts",
  "tests/install",
  "tests/motr/hosts_test.ts",
  "tests/shells",
] as const;

/**
 * Side by side, as each waits more than it works; within each one after another, so that a test has
 * the hosts, or the loopback addresses, to itself.
 */
const WHOLE_PROGRAM: readonly [Suite, Suite] = [
  {
    title: "whole-program tests",
    options: [`--ignore=${TESTS_ON_HOSTS.join()}`],
    paths: ["tests"],
  },
  { title: "tests on test hosts, shown when they have ended", options: [], paths: TESTS_ON_HOSTS },
];

/** Without types: they were checked, and where they are wrong the tests still tell something. */
const TEST = ["test", "-A", "--no-check", "--frozen", "--quiet"] as const;

/** Options of {@linkcode runTests}. */
export interface RunTestsOptions {
  /** Paths of tests; empty for all tests and rules. */
  readonly paths: readonly string[];
  /** Time limit of each suite in milliseconds, so that a suite that hangs ends. */
  readonly suiteLimitMs: number;
}

/** Sets up, holds the rules and runs the tests; prints what fails and what is skipped. */
export async function runTests({ paths, suiteLimitMs }: RunTestsOptions): Promise<Counts> {
  Deno.chdir(ROOT);
  const skipped = new Map<string, number>();
  const limits = { suiteLimitMs, skipped };
  let counts = await runSteps("set-up", paths.length > 0 ? SET_UP : SET_UP_OF_ALL);
  if (counts.failed > 0) return counts;
  if (paths.length > 0) {
    counts = await runSuite({ title: "tests", options: ["--doc"], paths }, limits);
  } else {
    counts = await runSteps("rule", RULES);
    counts = sum(counts, await runSuite(UNITS, limits));
    const [shown, hidden] = WHOLE_PROGRAM;
    const ended = await Promise.all([
      runSuite(shown, limits),
      runSuite(hidden, { ...limits, run: showAtEnd }),
    ]);
    counts = ended.reduce(sum, counts);
  }
  for (const [reason, number] of skipped) say(`skipped: ${number}, ${reason}`);
  return counts;
}

/** Installs the programs that tests need; without the right to do so it names what is missing. */
async function installTestPrograms(): Promise<void> {
  const missing = await missingPackages(TEST_PROGRAMS);
  const whyNot = await whyNoInstall();
  if (missing.length > 0 && whyNot !== null) {
    say(`WARNING: ${missing.join(", ")} missing, their tests are skipped: ${whyNot}`);
    return;
  }
  await installPackages(missing, "tests");
}

async function runSteps(kind: string, steps: readonly Step[]): Promise<Counts> {
  let counts = NONE;
  for (const [title, run] of steps) {
    say(`== ${kind}: ${title}`);
    try {
      await run();
    } catch (error) {
      say(`FAILED ${kind}: ${title}: ${messageOf(error)}`);
      counts = sum(counts, ONE_FAILED);
    }
  }
  return counts;
}

/** Runs a program to its end; returns its status. */
type RunProgram = (argv: Argv, options: { readonly limitMs: number }) => Promise<number>;

/** Keeps what the program writes until it has ended, however it does. */
const showAtEnd: RunProgram = async (argv, options) => {
  const file = await Deno.makeTempFile();
  try {
    return await passThrough(["sh", "-c", 'exec >"$0" 2>&1 "$@"', file, ...argv], options);
  } finally {
    print(await Deno.readTextFile(file));
    await Deno.remove(file);
  }
};

/** How a suite is run. */
interface SuiteRun {
  readonly suiteLimitMs: number;
  /** Takes the reasons of skipped tests, with their numbers. */
  readonly skipped: Map<string, number>;
  /** {@default passThrough} */
  readonly run?: RunProgram;
}

async function runSuite(
  { title, options, paths }: Suite,
  { suiteLimitMs, skipped, run = passThrough }: SuiteRun,
): Promise<Counts> {
  say(`== ${title}`);
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const status = await run(
      [DENO, ...TEST, `--junit-path=${report}`, ...options, ...paths],
      { limitMs: suiteLimitMs },
    );
    const text = await readTextFileIfAny(report) ?? "";
    const counts = countsOf(text);
    for (const [reason, number] of skippedIn(text)) {
      skipped.set(reason, (skipped.get(reason) ?? 0) + number);
    }
    if (status === 0 || counts.failed > 0) return counts;
    say(`FAILED ${title}: ended with status ${status}`);
    return sum(counts, ONE_FAILED);
  } finally {
    await Deno.remove(report);
  }
}

async function mustPass(argv: Argv): Promise<void> {
  const status = await passThrough(argv);
  if (status !== 0) throw new Error(`status ${status}`);
}

if (import.meta.main) {
  const counts = await runTests({ paths: Deno.args, suiteLimitMs: 30 * 60_000 });
  print(closingLine(counts));
  Deno.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}
