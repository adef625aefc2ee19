/**
 * What is broken: three Consul servers with a coordinator each, as processes that can be killed,
 * frozen, and started again.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { LEADER, serviceKey } from "../../mod/kv/keys.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { type ConsulAgent, startCluster, startConsul, waitForVoters } from "../lib/consul.ts";
import {
  importConfiguration,
  type RcProcess,
  registerConfd,
  setConfd,
  startProcess,
} from "../rc/nodes.ts";

/** A node: its Consul server, its coordinator. */
export interface Node {
  readonly name: string;
  readonly address: string;
  agent: ConsulAgent;
  rc: RcProcess;
}

/** Starts a coordinator with the agent at this address. */
export type StartRc = (address: string) => RcProcess;

/** Key of the fid of a node's hax, by the node's place. */
const haxOf = (place: number) => 6 + 16 * place;

/** The nodes. */
export class FaultCluster implements AsyncDisposable {
  readonly nodes: readonly Node[];
  readonly #startRc: StartRc;
  readonly #directories: readonly string[];

  private constructor(nodes: readonly Node[], startRc: StartRc, directories: readonly string[]) {
    this.nodes = nodes;
    this.#startRc = startRc;
    this.#directories = directories;
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
    const nodes = agents.map((agent): Node => ({
      name: agent.node,
      address: agent.address,
      agent,
      rc: startRc(agent.address),
    }));
    const cluster = new FaultCluster(nodes, startRc, agents.map(({ dataDir }) => dataDir));
    await cluster.leaderOtherThan(null);
    return cluster;
  }

  /** Clients of all agents. */
  get clients(): readonly Consul[] {
    return this.nodes.map(({ agent }) => agent.consul);
  }

  /** Waits until a node leads whose name is not `name`. */
  async leaderOtherThan(name: string | null): Promise<Node> {
    let turn = 0;
    return await waitFor(`a leader other than ${name}`, async () => {
      const consul = this.clients[turn++ % this.clients.length];
      const entry = await consul?.kv.get(LEADER, { timeoutMs: 1000, consistent: true }) ?? null;
      const node = this.nodes.find((node) => node.name === entry?.value);
      if (entry === null || entry.session === null || node === undefined) {
        return { ready: false, why: "nobody leads" };
      }
      return node.name === name
        ? { ready: false, why: `${name} leads` }
        : { ready: true, value: node };
    }, { limitMs: 60_000, intervalMs: 20 });
  }

  /** The node whose server leads Raft. */
  async raftLeader(): Promise<Node> {
    let turn = 0;
    return await waitFor("Raft's leader", async () => {
      const consul = this.clients[turn++ % this.clients.length];
      const address = (await consul?.status.leader({ timeoutMs: 1000 }))?.replace(/:\d+$/, "");
      const node = this.nodes.find((node) => node.address === address);
      return node === undefined
        ? { ready: false, why: "there is none" }
        : { ready: true, value: node };
    }, { limitMs: 60_000, intervalMs: 20 });
  }

  /** Waits until every server votes: one that was away is none for a while, and all are needed. */
  async allVote(): Promise<void> {
    const { consul } = (await this.raftLeader()).agent;
    await waitForVoters(consul, this.nodes.length);
  }

  /** Starts a node's coordinator again, which has ended. */
  restartRc(node: Node): void {
    node.rc = this.#startRc(node.address);
  }

  /** Starts a node's Consul server again, which was killed. */
  async restartAgent(node: Node): Promise<void> {
    const others = this.nodes.filter((other) => other !== node);
    node.agent = await startConsul({
      address: node.address,
      node: node.name,
      dataDir: node.agent.dataDir,
      bootstrapExpect: this.nodes.length,
      join: others.map(({ address }) => address),
    });
    // An agent takes TTL checks for critical when it starts.
    await setConfd(node.agent, this.nodes.indexOf(node), "passing");
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
