/**
 * A bring-up that is cut short: by whoever presses Ctrl-C, by a Consul that goes away, by the
 * network. It says what has happened, and another one finishes what it has begun.
 *
 * @module
 */

import { PHASE_NAMES } from "../../mod/bringup/bootstrap.ts";
import { CONSUL_UNIT } from "../../mod/host/places.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { type TestHost, type TestHosts, together } from "../hosts/mod.ts";
import { longTestOnHosts, testOnHosts } from "../hosts/testing.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import {
  activeOn,
  bootstrap,
  bootstrapWell,
  changesIn,
  prepare,
  type Ran,
  unitsOn,
} from "./cluster.ts";
import { sumsOn } from "./state.ts";
import { waitUntilWell } from "./wellness.ts";

type Phase = (typeof PHASE_NAMES)[number];

/** A unit of systemd that runs it, in a process group of its own. */
const UNIT = "bootstrap.service";
const BY_SYSTEMD = [
  ...["systemd-run", "--quiet", "--collect", "--pipe", "--wait"],
  ...[`--unit=${UNIT}`, "--setenv=HOME=/root"],
];

/**
 * Runs a bring-up, and does something as soon as a phase begins.
 *
 * @param disturb is handed the pid of the bring-up
 */
async function disturbed(
  first: TestHost,
  phase: Phase,
  disturb: (pid: number) => Promise<unknown>,
  args: readonly string[] = [],
): Promise<Ran> {
  const disturbing: Promise<unknown>[] = [];
  let pid: Promise<number> | undefined;
  const ran = await bootstrap(first, args, {
    by: BY_SYSTEMD,
    onEvent: (event) => {
      if (event.event !== "phase") return;
      pid ??= first.mainPid(UNIT);
      if (event.phase === phase) disturbing.push(pid.then(disturb).catch((error) => error));
    },
  });
  const [error] = await Promise.all(disturbing);
  if (error instanceof Error) throw error;
  assertEquals(disturbing.length, 1, `it never came to ${phase}: ${ran.stderr}`);
  return ran;
}

/** On a terminal that is a signal to all that the program has started, too. */
function pressCtrlC(pid: number): Promise<void> {
  Deno.kill(-pid, "SIGINT");
  return Promise.resolve();
}

/** The phase in which a run has ended. */
function lastPhase({ events }: Ran): Phase {
  const phases = events.flatMap((event) => event.event === "phase" ? [event.phase] : []);
  return PHASE_NAMES.find((name) => name === phases.at(-1)) ?? "check";
}

/** What a run says that it has started, of what it was told to start. */
function assertTellsStarted({ events, stderr }: Ran): void {
  const starts = events.flatMap((event) =>
    event.event === "change" && event.starts !== undefined ? [event] : []
  );
  if (starts.length === 0) return assertStringIncludes(stderr, "nothing was started");
  assertStringIncludes(stderr, "this run has started:\n");
  for (const { where, starts: unit } of starts) {
    const line = stderr.split("\n").find((line) => line.startsWith(`  ${where}: `));
    assert(line?.split(/[:,] /).includes(unit ?? ""), `${unit} on ${where}:\n${stderr}`);
  }
}

/** Nothing keeps the next one away, and nothing that watched for it is left anywhere. */
async function assertNothingIsLeft({ all }: TestHosts, first: TestHost): Promise<void> {
  const { code, stderr } = await first.run(["consul", "kv", "get", "hare/lock"]);
  assertEquals(code, 1);
  assertMatch(stderr, /No key exists|connection refused/);
  await waitFor("what has watched units to end", async () => {
    const left = await Promise.all(all.map((host) => host.run(["pgrep", "-af", "hare-watch"])));
    const lines = left.map(({ stdout }) => stdout).join("");
    return { ready: lines === "", value: undefined, why: lines };
  }, { limitMs: 30_000 });
}

/** Storage that a run has formatted to the end. */
function formattedIn(ran: Ran): readonly string[] {
  return changesIn(ran).flatMap((change) =>
    /^KV: put hare\/mkfs\/(\S+): done$/.exec(change)?.[1] ?? []
  );
}

/**
 * Does nothing a second time: what ran goes on in the same process, and what was formatted is not
 * again.
 */
function assertNothingIsRepeated(
  before: Awaited<ReturnType<typeof unitsOn>>,
  after: Awaited<ReturnType<typeof unitsOn>>,
  earlier: readonly Ran[],
  last: Ran,
): void {
  const ran = (units: typeof before) =>
    Object.entries(units).flatMap(([host, lines]) =>
      lines.filter((line) => line.includes(" active ")).map((line) => `${host}: ${line}`)
    );
  const now = new Set(ran(after));
  assertEquals(ran(before).filter((line) => !now.has(line)), []);
  const formatted = new Set(earlier.flatMap(formattedIn));
  const again = changesIn(last).flatMap((change) => /: run mero-mkfs@(\S+)/.exec(change)?.[1] ?? [])
    .filter((fid) => formatted.has(fid));
  assertEquals(again, []);
}

/** Interrupts one bring-up in each of these phases, and has the next one go on from there. */
async function interruptIn(
  hosts: TestHosts,
  t: Deno.TestContext,
  phases: readonly Phase[],
  servers: number,
): Promise<void> {
  const first = await prepare(hosts, servers);
  const runs: Ran[] = [];
  const step = async (run: () => Promise<Ran>) => {
    const before = await unitsOn(hosts.all);
    const ran = await run();
    assertNothingIsRepeated(before, await unitsOn(hosts.all), runs, ran);
    runs.push(ran);
    return ran;
  };
  for (const phase of phases) {
    await t.step(`Ctrl-C in phase ${phase}`, async () => {
      const ran = await step(() => disturbed(first, phase, pressCtrlC));
      if (phase === "final" && ran.code === 0) return; // it was quicker
      assertEquals(ran.code, 130, ran.stderr);
      const late = PHASE_NAMES.indexOf(lastPhase(ran)) - PHASE_NAMES.indexOf(phase);
      assert(late === 0 || late === 1, ran.stderr); // a phase may take less time than Ctrl-C
      assertMatch(ran.stderr, /^hare: interrupted by SIGINT/m);
      assertTellsStarted(ran);
      assertStringIncludes(ran.stderr, "hint: the same command goes on from here");
      await assertNothingIsLeft(hosts, first);
    });
  }
  await t.step("the next one finishes", async () => {
    await step(() => bootstrapWell(first));
    await waitUntilWell(hosts.all, await activeOn(hosts.all));
  });
}

testOnHosts(
  "hare bootstrap that is interrupted stops cleanly",
  2,
  (hosts, t) => interruptIn(hosts, t, ["consul-servers", "confd"], 1),
);

longTestOnHosts(
  "hare bootstrap that is interrupted in each phase stops cleanly",
  5,
  (hosts, t) => interruptIn(hosts, t, PHASE_NAMES, 3),
);

longTestOnHosts("hare bootstrap --rollback takes back what it did", 5, async (hosts) => {
  const first = await prepare(hosts, 3);
  const before = await settingsOf(hosts.all);
  const ran = await disturbed(first, "ios", pressCtrlC, ["--rollback"]);
  assertEquals(ran.code, 130);
  assertMatch(ran.stderr, /^hare: interrupted by SIGINT/m);
  assertStringIncludes(ran.stderr, "hint: what this run had changed is taken back");
  assertEquals(await settingsOf(hosts.all), before);
  const left = Object.values(await activeOn(hosts.all)).flat();
  assertEquals(left.filter((unit) => unit !== "mero-kernel"), []);
  // What was formatted stays so, and nothing in the KV knows of it any more.
  await bootstrapWell(first, ["--mkfs", "--yes"]);
  await waitUntilWell(hosts.all, await activeOn(hosts.all));
});

/** The files of all hosts that say what runs there and how; Mero's data are none. */
async function settingsOf(hosts: readonly TestHost[]): Promise<readonly string[]> {
  const files = await Promise.all(hosts.map(sumsOn));
  return files.flat().filter((line) => !line.includes(" /var/mero/"));
}

/** Something that goes wrong while a cluster is brought up. */
interface Disturbance {
  readonly what: string;
  readonly phase: Phase;
  readonly disturb: (hosts: TestHosts) => Promise<unknown>;
  /** What is said; `null` where it makes no difference. */
  readonly message: RegExp | null;
  readonly mend?: (hosts: TestHosts) => Promise<unknown>;
}

const consul = (verb: string, ...options: readonly string[]) => (host: TestHost | undefined) =>
  host?.run(["systemctl", verb, ...options, CONSUL_UNIT]) ?? Promise.reject(new Error("no host"));
const kill = consul("kill", "--signal=KILL");
const stop = consul("stop");

const NO_CONSUL =
  /could not start the .+:\n {2}ssc-vm1: .+cannot reach Consul[^]*\n {2}hint: `systemctl status hare-consul-agent`/;

const DISTURBANCES: readonly Disturbance[] = [
  {
    what: "Consul is killed on its host, and started again by systemd",
    phase: "hax",
    disturb: ({ all }) => kill(all[0]),
    message: null,
  },
  {
    what: "Consul is stopped on its host",
    phase: "ios",
    disturb: ({ all }) => stop(all[0]),
    message: NO_CONSUL,
  },
  {
    what: "Consul is stopped on all servers",
    phase: "confd",
    disturb: ({ all }) => together(all.slice(0, 3), stop),
    message: NO_CONSUL,
  },
  {
    what: "the network of another server is cut",
    phase: "hax",
    disturb: ({ all }) => all[2]?.cut() ?? Promise.reject(new Error("no host")),
    message: /^ {2}ssc-vm3: .*(timed out|No route to host)/m,
    mend: ({ all }) => together(all, (host) => host.heal()),
  },
  {
    what: "the network of its host is cut",
    phase: "register",
    disturb: ({ all }) => all[0]?.cut() ?? Promise.reject(new Error("no host")),
    message: /^hare: (the lock of this cluster was lost meanwhile: \S|could not register)/m,
    mend: ({ all }) => together(all, (host) => host.heal()),
  },
];

for (const { what, phase, disturb, message, mend } of DISTURBANCES) {
  longTestOnHosts(`hare bootstrap where ${what}, in phase ${phase}`, 5, async (hosts) => {
    const first = await prepare(hosts, 3);
    const ran = await disturbed(first, phase, () => disturb(hosts));
    assertEquals(ran.code, message === null ? 0 : 1, ran.stderr);
    if (message !== null) assertMatch(ran.stderr, message);
    await mend?.(hosts);
    const before = await unitsOn(hosts.all);
    const next = await bootstrapWell(first);
    assertNothingIsRepeated(before, await unitsOn(hosts.all), [ran], next);
    await waitUntilWell(hosts.all, await activeOn(hosts.all));
  });
}
