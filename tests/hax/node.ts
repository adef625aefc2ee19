/**
 * One node with a real Consul agent and a hax, for tests: its configuration in KV, its services
 * registered, and programs that stand for its Mero processes.
 *
 * @module
 */

import { servicesOf } from "../../mod/agent/services.ts";
import type { Consul } from "../../mod/consul/mod.ts";
import type { OpenLink } from "../../mod/hax/link_keeper.ts";
import { serveHax } from "../../mod/hax/server.ts";
import { type IsOfUnit, startOfIn } from "../../mod/hax/presence.ts";
import type { Report } from "../../mod/hax/transition.ts";
import { type ConfProcess, layoutOf } from "../../mod/kv/cluster.ts";
import { EPOCH, EQ_PREFIX, IMPORTED, LEADER, NODE_PREFIX, processKey } from "../../mod/kv/keys.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { ProcFiles } from "../../mod/lib/proc_file.ts";
import { type Fid, formatFid, makeFid } from "../../mod/lib/fid.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assertEquals } from "../lib/assert.ts";

/** The first node's hax. */
export const HAX: Fid = makeFid("process", 6);
/** Its confd. */
export const CONFD: Fid = makeFid("process", 9);
/** Its io server. */
export const IOS: Fid = makeFid("process", 12);

const NODES = ["ssc-vm1", "ssc-vm2"];

/** Writes the configuration of two nodes; the second has fid keys from 50. */
export async function importConfiguration(consul: Consul, nodes = NODES): Promise<void> {
  await consul.kv.put(EPOCH, "1");
  for (const [i, node] of nodes.entries()) {
    const types = ["ha rms", "rms confd", "rms ios"];
    for (const [n, text] of types.entries()) {
      const service = `${NODE_PREFIX}${node}/service/${6 + 3 * n + 44 * i}`;
      await consul.kv.put(`${service}/types`, text);
      await consul.kv.put(`${service}/ep`, `10.0.0.${i + 1}@tcp:12345:2:${n + 1}`);
    }
  }
  await consul.kv.put(IMPORTED, "now");
}

/** Registers the services of the first node. */
export async function registerServices(
  consul: Consul,
  address: string,
  [first] = NODES,
): Promise<void> {
  const { processes } = layoutOf(await consul.kv.list(NODE_PREFIX));
  await registerServicesOf(consul, address, processes.filter(({ node }) => node === first));
}

/** Registers the services of these processes, whose hax answers at `address`. */
export async function registerServicesOf(
  consul: Consul,
  address: string,
  processes: readonly ConfProcess[],
): Promise<void> {
  for (const service of servicesOf(processes, { address, port: 8008 })) {
    const checks = service.checks.map(({ id, ...check }) => ({ ...check, checkId: id }));
    await consul.agent.registerService({ ...service, checks });
  }
}

/** Has the catalog know a node, which may have no agent: a session is of a node. */
async function addNode(consul: Consul, node: string): Promise<void> {
  const known = await consul.catalog.nodes();
  if (known.some(({ name }) => name === node)) return;
  const body = JSON.stringify({ Node: node, Address: "127.80.9.9" });
  const response = await fetch(`${consul.address}/v1/catalog/register`, { method: "PUT", body });
  assertEquals([response.status, await response.text()], [200, "true"]);
}

/** Makes `node` the leader, as its RC would; ends the session of the leader before. */
export async function elect(consul: Consul, node: string | null): Promise<void> {
  const before = (await consul.kv.get(LEADER))?.session;
  if (before) {
    await consul.kv.release(LEADER, before);
    await consul.session.destroy(before);
  }
  if (node === null) return;
  await addNode(consul, node);
  const checks = { nodeChecks: [], serviceChecks: [] };
  const session = await consul.session.create({ name: "test", node, lockDelay: "0s", ...checks });
  if (!await consul.kv.acquire(LEADER, node, session)) throw new Error(`${node} cannot lead`);
}

/** A hax in this process. */
export interface RunningHax extends AsyncDisposable {
  readonly url: string;
  /** Asks it; the body is parsed where it is JSON. */
  get(path: string): Promise<{ status: number; body: unknown }>;
  /** Reports an event of a process of this node, and returns the status. */
  report(fid: Fid, event: Report["event"], pid: number, type?: Report["type"]): Promise<number>;
  /** Waits until it serves its node. */
  ready(): Promise<void>;
  /** Stops it as SIGTERM would. */
  stop(): Promise<void>;
}

/** Starts a hax on `address` with the agent of `consul`. */
export function startHax(
  consul: Consul,
  address: string,
  options: {
    readonly queueCapacity?: number;
    readonly openLink?: OpenLink;
    readonly systemBus?: string;
    readonly isOfUnit?: IsOfUnit;
  } = {},
): RunningHax {
  const stopping = new AbortController();
  const proc = new ProcFiles();
  const deps = {
    consul,
    clock: systemClock,
    random: Math.random,
    startOf: startOfIn(proc),
    isOfUnit: () => null,
    boot: "this boot",
    openLink: null,
    ...options,
  };
  const listen = { hostname: address, port: 8008 };
  const directory = Deno.makeTempDirSync();
  const socket = `${directory}/hax.sock`;
  const ended = serveHax(deps, { listen, socket, signal: stopping.signal });
  const url = `http://${address}:8008`;
  let isStopped = false;
  const stop = async () => {
    stopping.abort();
    await ended.finally(() => {
      if (isStopped) return;
      isStopped = true;
      proc[Symbol.dispose]();
      Deno.removeSync(directory, { recursive: true });
    });
  };
  const get = async (path: string) => {
    const response = await fetch(url + path);
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return { status: response.status, body: isJson ? JSON.parse(text) : text.trim() };
  };
  return {
    url,
    get,
    report: (fid, event, pid, type = "M0D") => reportTo(socket, fid, { event, type, pid }),
    ready: () =>
      eventually("hax to serve its node", async () => (await get("/health")).status, 200),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Reports a process to the hax at this Unix socket, and returns the status. */
export async function reportTo(socket: string, fid: Fid, report: Report): Promise<number> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const response = await fetch(`http://localhost/processes/${formatFid(fid)}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(report),
    client,
  });
  await response.body?.cancel();
  return response.status;
}

/** A program that stands for a Mero process: it is there until it is killed. */
export interface Stand extends AsyncDisposable {
  readonly pid: number;
  kill(): Promise<void>;
}

/** Starts such a program. */
export function startProcess(): Stand {
  const child = new Deno.Command("sleep", { args: ["3600"], stdin: "null" }).spawn();
  let ended = false;
  const kill = async () => {
    if (!ended) child.kill("SIGKILL");
    ended = true;
    await child.status;
  };
  return { pid: child.pid, kill, [Symbol.asyncDispose]: kill };
}

/** Waits until `ask` gives `expected`. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  expected: T,
  limitMs = 20_000,
): Promise<void> {
  await waitFor(what, async () => {
    const found = Deno.inspect(await ask());
    return found === Deno.inspect(expected)
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${found}` };
  }, { limitMs, intervalMs: 20 });
}

/** `STARTED 17 1`: state, pid and generation on record; `null` where nothing is. */
export async function recorded(consul: Consul, fid: Fid): Promise<string | null> {
  const entry = await consul.kv.get(processKey(fid));
  return entry && short(JSON.parse(entry.value));
}

/** The events on the event queue, `0x…:0x9 STARTED 17 1`, in order. */
export async function queued(consul: Consul): Promise<string[]> {
  return (await consul.kv.list(EQ_PREFIX)).map(({ value }) => {
    const event = JSON.parse(value.replace(/^process /, ""));
    return `${event.fid} ${short(event)}`;
  });
}

/** Status of a service's check in the agent. */
export async function checkOf(consul: Consul, fid: Fid): Promise<string | undefined> {
  const checks = await consul.agent.checks();
  return checks.find(({ checkId }) => checkId === `service:${fid.key}`)?.status;
}

function short(record: { state: string; pid: number; generation: number }): string {
  return `${record.state.replace("M0_CONF_HA_PROCESS_", "")} ${record.pid} ${record.generation}`;
}
