/**
 * Two of three hosts are lost, and with them the quorum of Consul's servers: the node that is left
 * neither fills its agent nor grows, and goes on at once when quorum returns. A short form in every
 * run; one of an hour where long tests are asked for.
 *
 * @module
 */

import { findConsul } from "../../mod/dev/consul_binary.ts";
import { runHere } from "../../mod/lib/process.ts";
import { join } from "../../mod/lib/std/path.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals, assertMatch } from "../lib/assert.ts";
import { testUnless, WHY_NOT_LONG } from "../lib/conditional.ts";
import { Dev, EXAMPLES, mustPass, until } from "./cluster.ts";

/** Programs of the node that is left, by their units. */
const UNITS = ["hare-consul-agent", "hare-hax", "hare-rc"] as const;
/** The node's io server. */
const IOS = "0x7200000000000001:0xc";
/** Work goes on within this after Raft has a leader again, in milliseconds. */
const BACK_MS = 5_000;
/** A file that each sample is appended to, as one line of JSON. */
const SAMPLES_VARIABLE = "HARE_TEST_SAMPLES";

/** What the node uses at one moment. */
interface Sample {
  readonly seconds: number;
  /** Sockets at the agent's HTTP port, by state. */
  readonly sockets: Readonly<Record<string, number>>;
  /** Resident memory in KiB and open files, by unit. */
  readonly programs: Readonly<Record<string, { readonly kib: number; readonly files: number }>>;
  readonly load: readonly number[];
}

Deno.test("quorum lost for half a minute: nothing grows, and work goes on when it returns", () =>
  loseQuorum("127.77.19", { forS: 30, everyS: 2 }));

testUnless(
  WHY_NOT_LONG,
  "quorum lost for an hour: nothing grows, and work goes on when it returns",
  () => loseQuorum("127.77.20", { forS: 3600, everyS: 60 }),
);

async function loseQuorum(
  net: string,
  { forS, everyS }: { readonly forS: number; readonly everyS: number },
): Promise<void> {
  await using dev = await Dev.make(net);
  const cdf = join(EXAMPLES, "three-nodes.yaml");
  await dev.up(cdf);
  await until("a healthy cluster", () => dev.ask(1, "status"));
  const pids = await pidsOf(dev);
  const before = await sample(dev, pids, 0);
  for (const host of ["node2", "node3"]) mustPass(await dev.dev("kill", host));

  const began = performance.now();
  const samples: Sample[] = [];
  for (let at = everyS; at <= forS; at += everyS) {
    const rest = began + at * 1000 - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)));
    samples.push(await sample(dev, pids, at));
  }
  assertFlat(before, samples);
  await assertAnswers(dev);

  const [ios] = await mainPids(dev, `m0d@${IOS}`);
  assert(ios !== undefined);
  Deno.kill(ios, "SIGTERM"); // it reports that it stops, which hax keeps until it can be written
  const up = dev.dev("up", "--net", net, "--disk-size", "16M", cdf);
  using consul = dev.consul(1);
  await waitFor(
    "a leader of Raft",
    async (signal) =>
      await consul.status.leader({ signal }) === null
        ? { ready: false, why: "there is none" }
        : { ready: true, value: undefined },
    { limitMs: 60_000, intervalMs: 20 },
  );
  const returned = performance.now();
  const event = mustPass(await dev.ask(1, "event", "put", "wake_RC")).stdout.trim();
  await Promise.all([
    waitFor(
      "the event to be handled",
      async (signal) =>
        await consul.kv.get(event, { signal }) === null
          ? { ready: true, value: undefined }
          : { ready: false, why: `${event} is there` },
      { limitMs: BACK_MS, intervalMs: 20 },
    ),
    waitFor("the change of state", async (signal) => {
      const record = await consul.kv.get(`processes/${IOS}`, { signal });
      return record?.value.includes("M0_CONF_HA_PROCESS_STOPPED")
        ? { ready: true, value: undefined }
        : { ready: false, why: `it is ${record?.value}` };
    }, { limitMs: BACK_MS, intervalMs: 20 }),
    until("the entrypoint", () => dev.ask(1, "entrypoint")),
  ]);
  const backMs = performance.now() - returned;
  assert(backMs < BACK_MS, `work went on ${backMs} ms after quorum was back`);
  await note({ backMs });
  mustPass(await up);
}

/** What there is of the node grows neither with time nor with the failures. */
function assertFlat(before: Sample, samples: readonly Sample[]): void {
  const told = samples.map((one) => JSON.stringify(one)).join("\n");
  const open = (one: Sample) => Object.values(one.sockets).reduce((sum, count) => sum + count, 0);
  for (const one of samples) {
    assert(open(one) <= open(before) + 20, `${open(before)} sockets before, then\n${told}`);
    assert((one.sockets["CLOSE_WAIT"] ?? 0) <= 10, `sockets that the agent keeps:\n${told}`);
  }
  const half = samples.slice(samples.length / 2);
  const quarter = samples.slice(samples.length / 4, samples.length / 2);
  for (const unit of UNITS) {
    const most = (part: readonly Sample[], what: "kib" | "files") =>
      Math.max(...part.map(({ programs }) => programs[unit]?.[what] ?? Infinity));
    const kib = most(quarter, "kib");
    assert(most(half, "kib") <= kib * 1.1 + 8 * 1024, `memory of ${unit}:\n${told}`);
    assert(most(half, "files") <= most([before], "files") + 20, `open files of ${unit}:\n${told}`);
  }
}

/** The agent and Hare's commands answer, and say what is wrong. */
async function assertAnswers(dev: Dev): Promise<void> {
  const began = performance.now();
  const { code, stdout } = await dev.ask(1, "status");
  const tookMs = performance.now() - began;
  assertEquals([code, tookMs < 10_000], [2, true], `after ${tookMs} ms:\n${stdout}`);
  assertMatch(stdout, /Consul has no leader/);
  const consul = await findConsul((name) => Deno.env.get(name), runHere);
  const members = mustPass(
    await runHere([consul, "members", `-http-addr=${dev.address(1)}:8500`], { limitMs: 10_000 }),
  );
  assertMatch(members.stdout, /node2 .*failed/);
}

async function mainPids(dev: Dev, unit: string): Promise<number[]> {
  return (await dev.marked())
    .filter((one) => one.host === "node1" && one.unit === unit && one.role === "main")
    .map(({ pid }) => pid).sort((a, b) => a - b);
}

async function pidsOf(dev: Dev): Promise<ReadonlyMap<string, number>> {
  const pids = new Map<string, number>();
  for (const unit of UNITS) {
    const [pid] = await mainPids(dev, unit);
    assert(pid !== undefined, `${unit} does not run`);
    pids.set(unit, pid);
  }
  return pids;
}

async function sample(
  dev: Dev,
  pids: ReadonlyMap<string, number>,
  seconds: number,
): Promise<Sample> {
  const programs: Record<string, { kib: number; files: number }> = {};
  for (const [unit, pid] of pids) {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    const files = (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
    programs[unit] = { kib, files };
  }
  const sockets = await socketsAt(dev.address(1), 8500);
  const one = { seconds, sockets, programs, load: Deno.loadavg() };
  await note(one);
  return one;
}

const STATES: Readonly<Record<string, string>> = {
  ...{ "01": "ESTABLISHED", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2" },
  ...{ "08": "CLOSE_WAIT", "09": "LAST_ACK", "0B": "CLOSING" },
};

/**
 * The sockets with this local address and port, by state, without listening and lingering sockets.
 */
async function socketsAt(address: string, port: number): Promise<Record<string, number>> {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  const local = `${bytes.reverse().join("")}:${port.toString(16).padStart(4, "0")}`.toUpperCase();
  const sockets: Record<string, number> = {};
  for (const line of (await Deno.readTextFile("/proc/net/tcp")).split("\n")) {
    const [, at, , state = ""] = line.trim().split(/\s+/);
    const name = STATES[state];
    if (at === local && name !== undefined) sockets[name] = (sockets[name] ?? 0) + 1;
  }
  return sockets;
}

async function note(what: unknown): Promise<void> {
  const file = Deno.env.get(SAMPLES_VARIABLE);
  if (file) await Deno.writeTextFile(file, `${JSON.stringify(what)}\n`, { append: true });
}
