/**
 * Real Consul agents for tests: unprivileged, each on a loopback address of its own, with its own
 * temporary data; one server, or several that make a cluster.
 *
 * @module
 */

import { Consul, type ConsulOptions } from "../../mod/consul/mod.ts";
import { findConsul } from "../../mod/dev/consul_binary.ts";
import { HareError, messageOf } from "../../mod/lib/errors.ts";
import { readTextFileIfAny } from "../../mod/lib/files.ts";
import { runHere } from "../../mod/lib/process.ts";
import { type Readiness, waitFor } from "../../mod/lib/wait_for.ts";
import type { TlsFiles } from "./consul_security.ts";

/** Options of {@linkcode startConsul}. */
export interface StartOptions {
  /** Loopback address that the agent has for itself. */
  readonly address: string;
  /** {@default made of the address} */
  readonly node?: string | undefined;
  /** Server or client. {@default true} */
  readonly server?: boolean | undefined;
  /** Servers that make the cluster. {@default 1} */
  readonly bootstrapExpect?: number | undefined;
  /** Addresses of agents to join. */
  readonly join?: readonly string[] | undefined;
  /** Data of an agent that ran before; whoever names a directory also removes it. */
  readonly dataDir?: string | undefined;
  /** Further configuration, in HCL. */
  readonly hcl?: readonly string[] | undefined;
  /** Default-deny ACLs, with this (UUID) as the token that may do all, the agent's own too. */
  readonly managementToken?: string | undefined;
  /** HTTPS only, and only for clients with a certificate. */
  readonly tls?: TlsFiles | undefined;
  /** Time limit for the start in milliseconds. {@default 30000} */
  readonly limitMs?: number | undefined;
}

/** A running agent. */
export interface ConsulAgent extends AsyncDisposable {
  /** The loopback address. */
  readonly address: string;
  readonly node: string;
  readonly dataDir: string;
  readonly pid: number;
  /** A client of it, with the management token and the certificates if it has any. */
  readonly consul: Consul;
  /** Ends it as an operator would (SIGTERM), and by force when that takes too long. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open, nothing is answered. */
  pause(): Promise<void>;
  resume(): void;
  /** The last lines of its log. */
  log(): string;
}

const LOG_LINES = 60;
const STOP_LIMIT_MS = 20_000;

/**
 * Starts an agent and waits until it serves: its cluster has a leader, which knows the agent's node
 * and its health.
 *
 * @throws {HareError} when there is no Consul on this machine, or the agent does not come up
 */
export async function startConsul(options: StartOptions): Promise<ConsulAgent> {
  const { address, server = true, limitMs = 30_000 } = options;
  const node = options.node ?? `node-${address.replaceAll(".", "-")}`;
  const binary = await findConsul((name) => Deno.env.get(name), runHere);
  const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "hare-test-consul-" });
  // An agent that somebody left behind on this address is told from this one by its id, which Consul
  // takes from its data.
  const nodeId = await readTextFileIfAny(`${dataDir}/node-id`) ?? crypto.randomUUID();
  await Deno.writeTextFile(`${dataDir}/node-id`, nodeId);
  const child = new Deno.Command(binary, {
    args: [
      ...["agent", "-bind", address, "-client", address, "-node", node, "-data-dir", dataDir],
      ...(server ? ["-server", "-bootstrap-expect", String(options.bootstrapExpect ?? 1)] : []),
      ...(options.join ?? []).flatMap((other) => ["-retry-join", other]),
      ...[...BASE_HCL, ...aclHcl(options), ...tlsHcl(options), ...(options.hcl ?? [])]
        .flatMap((hcl) => ["-hcl", hcl]),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log: string[] = [];
  const drained = Promise.all([drain(child.stdout, log), drain(child.stderr, log)]);
  let ended = false;
  const status = child.status.finally(() => ended = true);
  const consul = new Consul(await clientOptions(options));

  const send = (signal: Deno.Signal) => {
    if (!ended) child.kill(signal);
  };
  const end = async (signal: Deno.Signal) => {
    send(signal);
    send("SIGCONT"); // a frozen agent heeds no SIGTERM
    const late = setTimeout(() => send("SIGKILL"), STOP_LIMIT_MS);
    await status;
    clearTimeout(late);
    await drained;
  };
  const agent: ConsulAgent = {
    address,
    node,
    dataDir,
    pid: child.pid,
    consul,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async pause() {
      send("SIGSTOP"); // which takes a moment to reach all its threads
      await waitFor(`Consul on ${address} to freeze`, async () => {
        const states = await threadStates(child.pid);
        return states.every((state) => state === "T")
          ? { ready: true, value: undefined }
          : { ready: false, why: `its threads are ${states.join("")}` };
      }, { limitMs: 10_000, intervalMs: 2 });
    },
    resume: () => send("SIGCONT"),
    log: () => log.join("\n"),
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      consul[Symbol.dispose]();
      if (options.dataDir === undefined) await Deno.remove(dataDir, { recursive: true });
    },
  };
  try {
    await waitFor(`Consul on ${address}`, async (signal) => {
      if (!ended) return await readiness(agent, nodeId, signal);
      return { ready: "never", error: new HareError(`Consul on ${address} ended`) };
    }, { limitMs, intervalMs: 50 });
    return agent;
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw new HareError(`${messageOf(error)}; its log:\n${agent.log()}`, { cause: error });
  }
}

/** Servers that are one cluster. */
export interface ConsulCluster extends AsyncDisposable {
  readonly agents: readonly ConsulAgent[];
}

/**
 * Starts one server on each address, all together, and waits until all are voters.
 *
 * @param common options for each of them
 */
export async function startCluster(
  addresses: readonly string[],
  common: Omit<StartOptions, "address"> = {},
): Promise<ConsulCluster> {
  const started = await Promise.allSettled(addresses.map((address) =>
    startConsul({
      ...common,
      address,
      bootstrapExpect: addresses.length,
      join: addresses.filter((other) => other !== address),
    })
  ));
  const agents = started.flatMap((one) => one.status === "fulfilled" ? one.value : []);
  const cluster: ConsulCluster = {
    agents,
    async [Symbol.asyncDispose]() {
      await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()));
    },
  };
  try {
    for (const one of started) if (one.status === "rejected") throw one.reason;
    for (const { consul } of agents.slice(0, 1)) await waitForVoters(consul, addresses.length);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** Waits until Raft has `voters` voters; a server that came back is none for some ten seconds. */
export async function waitForVoters(
  consul: Consul,
  voters: number,
  limitMs = 60_000,
): Promise<void> {
  await waitFor(`${voters} voters`, async (signal): Promise<Readiness<void>> => {
    const servers = await consul.operator.raftConfiguration({ signal });
    const count = servers.filter(({ voter }) => voter).length;
    return count === voters && servers.length === voters
      ? { ready: true, value: undefined }
      : { ready: false, why: `${count} of ${servers.length} servers are voters` };
  }, { limitMs });
}

const BASE_HCL = [
  "performance { raft_multiplier = 1 }",
  'retry_interval = "500ms"',
  "autopilot { min_quorum = 3 }",
  "disable_update_check = true",
  'log_level = "warn"',
];

async function readiness(
  { consul, node }: ConsulAgent,
  nodeId: string,
  signal: AbortSignal,
): Promise<Readiness<void>> {
  const self = await consul.agent.self({ signal });
  if (self.nodeId !== nodeId) {
    return { ready: false, why: `another agent, ${self.nodeName}, has the address` };
  }
  if (await consul.status.leader({ signal }) === null) {
    return { ready: false, why: "there is no leader" };
  }
  const checks = await consul.health.node(node, { signal });
  if (!checks.some(({ checkId, status }) => checkId === "serfHealth" && status === "passing")) {
    return { ready: false, why: "the leader does not know the node yet" };
  }
  return { ready: true, value: undefined };
}

/** The letters of `ps`: T is a stopped thread. */
async function threadStates(pid: number): Promise<(string | undefined)[]> {
  const states: (string | undefined)[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const stat = await Deno.readTextFile(`/proc/${pid}/task/${name}/stat`);
    states.push(/\) (.)/.exec(stat)?.[1]);
  }
  return states;
}

function aclHcl({ managementToken }: StartOptions): string[] {
  if (managementToken === undefined) return [];
  const tokens = `initial_management = "${managementToken}" agent = "${managementToken}"`;
  return [`acl { enabled = true default_policy = "deny" tokens { ${tokens} } }`];
}

function tlsHcl({ tls }: StartOptions): string[] {
  if (tls === undefined) return [];
  const files =
    `ca_file = "${tls.ca}" cert_file = "${tls.serverCert}" key_file = "${tls.serverKey}"`;
  return [
    `tls { defaults { ${files} verify_incoming = true } }`,
    "ports { http = -1 https = 8501 }",
  ];
}

async function clientOptions(
  { address, tls, managementToken }: StartOptions,
): Promise<ConsulOptions> {
  if (tls === undefined) return { address: `http://${address}:8500`, token: managementToken };
  return {
    address: `https://${address}:8501`,
    token: managementToken,
    tls: {
      caCerts: [await Deno.readTextFile(tls.ca)],
      clientCert: {
        cert: await Deno.readTextFile(tls.clientCert),
        key: await Deno.readTextFile(tls.clientKey),
      },
    },
  };
}

async function drain(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  log: string[],
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    log.push(...lines);
    log.splice(0, Math.max(0, log.length - LOG_LINES));
  }
  if (rest !== "") log.push(rest);
}
