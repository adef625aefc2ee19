/**
 * Nodes with real Consul agents on which coordinators can run, and coordinators: in this process,
 * where a test sees into them, or as processes of their own, which can be killed and frozen.
 *
 * @module
 */

import { Consul } from "../../mod/consul/mod.ts";
import { EPOCH, IMPORTED, LEADER, serviceKey } from "../../mod/kv/keys.ts";
import { type Clock, systemClock } from "../../mod/lib/clock.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import {
  bookOf,
  type Instance,
  RcMetrics,
  RULES,
  runCoordinator,
  type Settings,
} from "../../mod/rc/mod.ts";
import type { Rule } from "../../mod/rc/rules/mod.ts";
import { type CapturedLog, captureLog } from "../lib/capture_log.ts";
import { type ConsulAgent, startConsul } from "../lib/consul.ts";
import { HARE } from "../lib/hare.ts";

/** The shortest times that are taken. */
export const FAST: Settings = { checkTtlMs: 1000, lockDelayMs: 250 };

/** A node whose Consul serves and holds no data. */
export interface NodeWorld {
  readonly agent: ConsulAgent;
  readonly consul: Consul;
  readonly log: CapturedLog;
}

/** Runs tests, each on a new node with this address and name. */
export function nodeAt(
  address: string,
  node: string,
): (test: (world: NodeWorld) => Promise<void>) => Promise<void> {
  return async (test) => {
    await using log = await captureLog();
    await using agent = await startConsul({ address, node });
    await test({ agent, consul: agent.consul, log });
  };
}

/** Key of the fid of a node's confd, by the node's place in the list. */
export function confdOf(place: number): number {
  return 9 + 16 * place;
}

/** Writes a configuration with a confd on each node. */
export async function importConfiguration(agents: readonly ConsulAgent[]): Promise<void> {
  const [first] = agents;
  if (first === undefined) return;
  const { kv } = first.consul;
  await kv.put(EPOCH, "0");
  for (const [i, { node, address }] of agents.entries()) {
    await kv.put(serviceKey(node, confdOf(i), "types"), "rms confd");
    await kv.put(serviceKey(node, confdOf(i), "ep"), `${address}@tcp:12345:2:1`);
  }
  await kv.put(IMPORTED, "now");
}

/** Registers a node's confd with a check that is what a test makes it. */
export async function registerConfd(
  { consul }: ConsulAgent,
  place: number,
  status: "passing" | "warning" | "critical" = "passing",
): Promise<void> {
  const id = String(confdOf(place));
  const checks = [{ checkId: `service:${id}`, ttl: "1h", status }];
  await consul.agent.registerService({ id, name: "confd", checks });
}

/** Sets the check of a node's confd. */
export async function setConfd(
  { consul }: ConsulAgent,
  place: number,
  status: "passing" | "warning" | "critical",
): Promise<void> {
  await consul.agent.updateCheck(`service:${confdOf(place)}`, status, "");
}

/** Options of {@linkcode startHere}. */
export interface HereOptions {
  readonly settings?: Settings;
  readonly rules?: readonly Rule[];
  readonly clock?: Clock;
  readonly metrics?: RcMetrics;
  readonly instance?: Instance;
  readonly token?: string;
}

/** A separate coordinator that uses the lock file of `address`. */
export function makeInstance(address: string): Instance {
  const about = { pid: Deno.pid, host: "test", since: "now" };
  return { id: crypto.randomUUID(), ...about, lock: address };
}

/** Other runs of the tests may use the same addresses, in networks of their own. */
const LOCKS = Deno.makeTempDirSync({ prefix: "hare-test-rc-" });
addEventListener("unload", () => Deno.removeSync(LOCKS, { recursive: true }));

/** The lock file of the node at `address`. */
export function lockOf(address: string): string {
  return `${LOCKS}/${address}`;
}

/** A coordinator in this process. */
export interface HereCoordinator extends AsyncDisposable {
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<void>;
  /** Ends when it ends; fails if it fails. */
  readonly ended: Promise<void>;
}

/** Starts a coordinator in this process, with the agent at `address`, which may be a URL. */
export function startHere(address: string, options: HereOptions = {}): HereCoordinator {
  const stop = new AbortController();
  const url = address.includes("://") ? address : `http://${address}:8500`;
  const consul = new Consul({ address: url, token: options.token });
  const ended = runCoordinator({
    consul,
    settings: options.settings ?? FAST,
    rules: bookOf(options.rules ?? RULES),
    metrics: options.metrics ?? new RcMetrics(),
    clock: options.clock ?? systemClock,
    random: Math.random,
    instance: options.instance ?? makeInstance(address),
    log: loggerOf("rc"),
    signal: stop.signal,
  });
  ended.catch(() => {}); // whoever stops it, or looks, is told
  const end = async () => {
    stop.abort(new Error("the test stops it"));
    try {
      await ended;
    } finally {
      consul[Symbol.dispose]();
    }
  };
  return { stop: end, ended, [Symbol.asyncDispose]: end };
}

/** A coordinator in a process of its own. */
export interface RcProcess extends AsyncDisposable {
  readonly pid: number;
  /** Its log. */
  readonly lines: readonly string[];
  /** Waits for a line of the log. */
  line(pattern: RegExp): Promise<string>;
  /** SIGTERM, and waits for the end; the exit status. */
  stop(): Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** Runs `hare rc` with the agent at `address`. */
export function startProcess(address: string, ...args: readonly string[]): RcProcess {
  return startProgram([HARE], address, ...args);
}

/** The same with another program than the built binary. */
export function startProgram(
  [program, ...before]: readonly [string, ...string[]],
  address: string,
  ...args: readonly string[]
): RcProcess {
  const child = new Deno.Command(program, {
    args: [
      ...[...before, "rc", "--metrics", `${address}:8009`, "--lock", lockOf(address)],
      ...args,
    ],
    env: { CONSUL_HTTP_ADDR: `${address}:8500` },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const drained = drain(child.stderr, lines);
  let ended = false;
  const status = child.status.finally(() => ended = true);
  const end = async (signal: Deno.Signal) => {
    if (!ended) child.kill(signal);
    const { code } = await status;
    await drained;
    return code;
  };
  return {
    pid: child.pid,
    lines,
    line: (pattern) =>
      waitFor(`a line that matches ${pattern}`, () => {
        const line = lines.find((one) => pattern.test(one));
        if (line !== undefined) return Promise.resolve({ ready: true, value: line });
        return Promise.resolve({ ready: false, why: lines.slice(-5).join("\n") });
      }, { limitMs: 20_000, intervalMs: 10 }),
    stop: () => end("SIGTERM"),
    kill: async () => void await end("SIGKILL"),
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

/** Waits until somebody leads who is none of `not`, and returns the name of the node. */
export function leaderNow(
  consul: Consul,
  ...not: readonly string[]
): Promise<string> {
  return waitFor(`a leader other than ${not.join(", ") || "nobody"}`, async (signal) => {
    // An agent whose Raft leader is frozen answers late: it is asked again.
    const entry = await consul.kv.get(LEADER, { signal, timeoutMs: 500 });
    if (entry === null || entry.session === null) return { ready: false, why: "nobody leads" };
    return not.includes(entry.value)
      ? { ready: false, why: `${entry.value} leads` }
      : { ready: true, value: entry.value };
  }, { limitMs: 30_000, intervalMs: 5 });
}

/** Waits until what is asked for is as expected. */
export async function eventually<T>(
  what: string,
  ask: (signal: AbortSignal) => Promise<T>,
  expected: T,
): Promise<void> {
  await waitFor(what, async (signal) => {
    const answer = await ask(signal);
    return Deno.inspect(answer) === Deno.inspect(expected)
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${Deno.inspect(answer)}` };
  }, { limitMs: 30_000, intervalMs: 10 });
}

async function drain(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  lines: string[],
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
  if (rest !== "") lines.push(rest);
}
