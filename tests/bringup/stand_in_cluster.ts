/**
 * Hosts in memory with a Consul in memory that behave together as real ones do: an agent that runs
 * is in the catalog, hax makes checks pass, a server tells its state once it has started.
 *
 * @module
 */

import { parseCdf, TARGETS } from "../../cfgen/mod.ts";
import { START_META } from "../../mod/agent/agent_config.ts";
import { SERVICES_FILE } from "../../mod/agent/node_files.ts";
import type { OperationEvent } from "../../mod/bringup/operation.ts";
import type { OperationWorld } from "../../mod/bringup/real_cluster.ts";
import { Consul } from "../../mod/consul/mod.ts";
import { UnitError } from "../../mod/host/errors.ts";
import {
  CONSUL_CONFIG_DIRECTORY,
  CONSUL_DATA_DIRECTORY,
  CONSUL_UNIT,
  HAX_UNIT,
  RC_UNIT,
} from "../../mod/host/places.ts";
import { type Clock, systemClock } from "../../mod/lib/clock.ts";
import { HareError } from "../../mod/lib/errors.ts";
import { writeAnswer } from "../../mod/preflight/mod.ts";
import { hostFacts } from "../lib/cdf.ts";
import { answerOf } from "../preflight/reports.ts";
import { StandInConsul, type StandInNode } from "./stand_in_consul.ts";
import { StandInHost } from "./stand_in_host.ts";

/** Real time, but waits are short. */
const QUICK: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

/** How large a {@linkcode StandInCluster} is, and how slow. */
export interface StandInOptions {
  readonly servers: number;
  /** Hosts with io servers only. {@default 0} */
  readonly clients?: number;
  /** What a command on a host costs, in milliseconds. {@default 0} */
  readonly latencyMs?: number;
  /** {@default one with short waits} */
  readonly clock?: Clock;
  /** No command begins before another has ended, on whatever host. {@default false} */
  readonly oneAfterAnother?: boolean;
}

/** A cluster in memory; `h1` is the host that operates it. */
export class StandInCluster implements AsyncDisposable {
  readonly hosts: readonly StandInHost[];
  readonly consul: StandInConsul;
  readonly cdf: string;
  readonly world: OperationWorld;
  /** All that was told. */
  readonly events: OperationEvent[] = [];
  /** Commands so far, `h1: start hare-hax`. */
  readonly commands: string[] = [];
  /** Hosts that do not answer. */
  readonly dead = new Set<string>();
  /** Units that fail when they are started, `h2: m0d@…`; each once. */
  readonly failing = new Set<string>();
  /** The agents have not asked hax for its servers yet; so no RC is elected. */
  isFresh = false;
  /** Called before a command is done. */
  onCommand: (what: string) => void = () => {};
  readonly #client: Consul;
  readonly #services = new Map<StandInHost, string | undefined>();
  readonly #options: StandInOptions;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: StandInOptions) {
    this.#options = options;
    const names = Array.from(
      { length: options.servers + (options.clients ?? 0) },
      (_, i) => `h${i + 1}`,
    );
    this.cdf = cdfOf(names, options.servers);
    this.hosts = names.map((name) =>
      new StandInHost(name, {
        command: (host, what, signal) => this.#command(host, what, signal),
        started: (host, unit) => this.#started(host, unit),
        reloaded: (host, unit) => this.#readServices(host, unit),
        stopped: (host, unit) => this.#stopped(host, unit),
      })
    );
    this.consul = new StandInConsul({
      nodes: () => this.#nodes(),
      reload: () => this.#readServices(this.host("h1"), CONSUL_UNIT),
    });
    this.#client = new Consul({ address: this.consul.address });
    this.world = {
      hostname: "h1",
      consul: this.#client,
      clock: options.clock ?? QUICK,
      driverOf: (destination) => this.host(destination),
      runOn: (destination) => async (argv, { signal = AbortSignal.timeout(60_000) } = {}) => {
        await this.#command(destination, `run ${argv.at(-2)} ${argv.at(-1)}`, signal);
        return { code: 0, stdout: writeAnswer(this.#answer(destination)), stderr: "" };
      },
    };
  }

  host(name: string): StandInHost {
    const host = this.hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Units that run, `h1: hare-hax`. */
  get running(): readonly string[] {
    return this.hosts.flatMap(({ name, units }) =>
      [...units].flatMap(([unit, state]) => state === "active" ? [`${name}: ${unit}`] : [])
    );
  }

  /** The changes that were told, `h1: start hare-hax`. */
  get changes(): readonly string[] {
    return this.events.flatMap((event) =>
      event.event === "change" ? [`${event.where}: ${event.what}`] : []
    );
  }

  /** All that an operation could change, to be compared, a line each. */
  snapshot(): readonly string[] {
    const keys = [...this.consul.keys].map(([key, value]) => `KV ${key}: ${value}`);
    return [...this.hosts.flatMap((host) => host.snapshot()), ...keys].toSorted();
  }

  /** The agents ask hax, and the first RC that runs is elected. */
  settle(): void {
    this.isFresh = false;
    const first = this.hosts.find((host) => host.stateOf(RC_UNIT) === "active");
    if (first !== undefined) this.#elect(first);
  }

  /** Forgets what was told and done. */
  forget(): void {
    this.events.length = 0;
    this.commands.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.consul[Symbol.asyncDispose]();
  }

  async #command(host: string, what: string, signal: AbortSignal): Promise<void> {
    const command = `${host}: ${what}`;
    this.commands.push(command);
    this.onCommand(command);
    signal.throwIfAborted();
    const { latencyMs = 0, oneAfterAnother = false } = this.#options;
    if (latencyMs > 0) {
      const take = () => systemClock.sleep(latencyMs, signal);
      const done = oneAfterAnother ? this.#turn.then(take) : take();
      this.#turn = done.catch(() => {});
      await done;
    }
    if (this.dead.has(host)) {
      throw new HareError(`${host}: no route to host`, { hint: "check that the host is up" });
    }
  }

  #started(host: StandInHost, unit: string): void {
    if (this.failing.delete(`${host.name}: ${unit}`)) {
      throw new UnitError(host.name, unit, "exit status 1", ["out of luck"]);
    }
    this.#readServices(host, unit);
    const [kind, fid] = unit.split("@");
    switch (kind) {
      case "mero-mkfs":
        host.filled.add(`/var/mero/m0d-${fid}`);
        return;
      case "m0d":
        this.consul.put(`processes/${fid}`, recordOf("STARTED"));
        return;
      case CONSUL_UNIT:
        host.filled.add(CONSUL_DATA_DIRECTORY);
        return;
      case RC_UNIT:
        if (!this.isFresh && !this.consul.value("leader")) this.#elect(host);
    }
  }

  /** An agent knows the services that were in its file when it read it last. */
  #readServices(host: StandInHost, unit: string): void {
    if (unit === CONSUL_UNIT) this.#services.set(host, host.files.get(SERVICES_FILE));
  }

  #stopped(host: StandInHost, unit: string): void {
    const [kind, fid] = unit.split("@");
    if (kind === "m0d") this.consul.put(`processes/${fid}`, recordOf("STOPPED"));
    if (unit !== RC_UNIT || this.consul.value("leader") !== host.name) return;
    this.consul.put("leader", "");
    const next = this.hosts.find((each) => each.stateOf(RC_UNIT) === "active");
    if (next !== undefined) this.#elect(next);
  }

  #elect({ name }: StandInHost): void {
    this.consul.put("leader", name, this.consul.addSession(name, "hare-rc"));
  }

  /** The nodes with a living agent, where most servers live and the asked one does. */
  #nodes(): readonly StandInNode[] | null {
    const living = this.hosts.filter((host) => host.stateOf(CONSUL_UNIT) === "active");
    const servers = living.filter((host) => this.#isServer(host));
    const [asked] = this.hosts;
    if (!living.some((host) => host === asked)) return null;
    if (servers.length <= this.#options.servers / 2) return null;
    return living.map((host) => ({
      name: host.name,
      isServer: this.#isServer(host),
      meta: { [START_META]: agentFileOf(host).node_meta[START_META] ?? "" },
      checks: [
        { id: "serfHealth", service: "", serviceId: "", status: "passing" as const },
        ...checksOf(host, this.#services.get(host), this.isFresh),
      ],
    }));
  }

  #isServer(host: StandInHost): boolean {
    return this.hosts.indexOf(host) < this.#options.servers;
  }

  #answer(name: string) {
    const { facts, disks } = hostFacts(name, `10.0.0.${this.hosts.indexOf(this.host(name)) + 1}`);
    const now = systemClock.now();
    const units = [...this.host(name).units];
    return answerOf({
      facts: { value: facts },
      disks: { value: disks },
      units: {
        value: {
          asked: [],
          failed: units.flatMap(([unit, state]) => state === "failed" ? [`${unit}.service`] : []),
        },
      },
      clock: { receivedMs: now, sentMs: now },
    });
  }
}

function agentFileOf(host: StandInHost): { node_meta: Record<string, string> } {
  return JSON.parse(host.files.get(`${CONSUL_CONFIG_DIRECTORY}/agent.json`) ?? '{"node_meta":{}}');
}

/** The checks of a host's services: what its hax says of itself and of its servers. */
function checksOf(
  host: StandInHost,
  file = '{"services":[]}',
  isFresh: boolean,
): StandInNode["checks"] {
  const { services }: { services: { id: string; name: string; checks: { name: string }[] }[] } =
    JSON.parse(file);
  return services.map(({ id, name, checks: [check] }) => {
    const fid = name === "hax" ? undefined : check?.name.split(" ")[1];
    const isUp = host.stateOf(HAX_UNIT) === "active" &&
      (fid === undefined || host.stateOf(`m0d@${fid}`) === "active");
    return {
      id: `service:${id}`,
      service: name,
      serviceId: id,
      status: isFresh && fid !== undefined
        ? "critical" as const
        : isUp
        ? "passing" as const
        : "warning" as const,
    };
  });
}

function recordOf(state: string): string {
  return JSON.stringify({ state: `M0_CONF_HA_PROCESS_${state}`, type: "M0D", pid: 1 });
}

/** Hosts with an io server each; the first ones run a confd, too. */
function cdfOf(names: readonly string[], servers: number): string {
  const hosts = names.map((name, i) =>
    `  - name: ${name}
    m0_servers:${i < servers ? "\n      - runs_confd: true" : ""}
      - io_disks: { path_glob: "/dev/sd*" }
    c0_clients: 1
    m0t1fs_clients: 0
`
  );
  const text = `hosts:
${hosts.join("")}pools:
  - { name: tier1, disks: all, data_units: 1, parity_units: 1 }
`;
  parseCdf(text, { name: "cdf.yaml", target: TARGETS.mero });
  return text;
}
