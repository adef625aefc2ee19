/**
 * What is broken: three Consul servers with a coordinator each, as processes that can be killed,
 * frozen, and started again.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { serviceKey } from "../../mod/kv/keys.ts";
import { type ConsulAgent, startCluster, startConsul } from "../lib/consul.ts";
import {
  importConfiguration,
  type RcProcess,
  registerConfd,
  setConfd,
  startProcess,
} from "../rc/nodes.ts";
import { type FaultNode, leaderOf } from "./leadership.ts";

/** Starts a coordinator with the agent at this address. */
export type StartRc = (address: string) => RcProcess;

/** A node: its Consul server, its coordinator. */
export class ProcessNode implements FaultNode {
  readonly name: string;
  readonly address: string;
  readonly #place: number;
  readonly #addresses: readonly string[];
  readonly #startRc: StartRc;
  #agent: ConsulAgent;
  #rc: RcProcess;

  /**
   * Starts the coordinator.
   *
   * @param place the node's among the nodes at `addresses`
   */
  constructor(
    agent: ConsulAgent,
    place: number,
    addresses: readonly string[],
    startRc: StartRc,
  ) {
    this.name = agent.node;
    this.address = agent.address;
    this.#agent = agent;
    this.#place = place;
    this.#addresses = addresses;
    this.#startRc = startRc;
    this.#rc = startRc(agent.address);
  }

  /** The Consul server that runs now, or ran last. */
  get agent(): ConsulAgent {
    return this.#agent;
  }

  /** The coordinator that runs now, or ran last. */
  get rc(): RcProcess {
    return this.#rc;
  }

  get consul(): Consul {
    return this.#agent.consul;
  }

  /** Starts the coordinator again, which has ended. */
  startRc(): void {
    this.#rc = this.#startRc(this.address);
  }

  /** Starts the Consul server again, which was killed. */
  async restartAgent(): Promise<void> {
    this.#agent = await startConsul({
      address: this.address,
      node: this.name,
      dataDir: this.#agent.dataDir,
      bootstrapExpect: this.#addresses.length,
      join: this.#addresses.filter((other) => other !== this.address),
    });
    // An agent takes TTL checks for critical when it starts.
    await setConfd(this.#agent, this.#place, "passing");
  }
}

/** Key of the fid of a node's hax, by the node's place. */
const haxOf = (place: number) => 6 + 16 * place;

/** The nodes. */
export class FaultCluster implements AsyncDisposable {
  readonly nodes: readonly ProcessNode[];
  readonly #directories: readonly string[];

  private constructor(nodes: readonly ProcessNode[]) {
    this.nodes = nodes;
    this.#directories = nodes.map(({ agent }) => agent.dataDir);
  }

  /** Starts Consul servers and coordinators on all addresses, and waits for a leader. */
  static async start(
    addresses: readonly string[],
    startRc: StartRc = (address) => startProcess(address, ...FAST_ARGS),
  ): Promise<FaultCluster> {
    const { agents } = await startCluster(addresses);
    await importConfiguration(agents);
    for (const [place, agent] of agents.entries()) {
      await registerConfd(agent, place);
      const { kv } = agent.consul;
      await kv.put(serviceKey(agent.node, haxOf(place), "types"), "ha");
      await kv.put(serviceKey(agent.node, haxOf(place), "ep"), `${agent.address}@tcp:12345:1:1`);
    }
    const nodes = agents.map((agent, place) => new ProcessNode(agent, place, addresses, startRc));
    const cluster = new FaultCluster(nodes);
    await leaderOf(nodes);
    return cluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(({ rc }) => rc[Symbol.asyncDispose]()));
    await Promise.all(this.nodes.map(({ agent }) => agent[Symbol.asyncDispose]()));
    for (const directory of this.#directories) {
      await Deno.remove(directory, { recursive: true }).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}

/** The shortest times that are taken, so that many faults fit into a run. */
export const FAST_ARGS = ["--check-ttl", "1s", "--lock-delay", "250ms"] as const;
