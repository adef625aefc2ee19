/**
 * A node's Consul agent, rendered from one typed value in one function (spec: lessons.md, "three
 * sed passes"): who it is, where it listens, whom it joins.
 *
 * @module
 */

/** What the agent of one node is to be. */
export interface AgentParams {
  readonly nodeName: string;
  /** Stable over reboots, a UUID. */
  readonly nodeId: string;
  /** Address that the other agents reach. */
  readonly bindAddress: string;
  /** Addresses on which it answers HTTP, separated by spaces. */
  readonly clientAddress: string;
  readonly dataDir: string;
  readonly datacenter: string;
  /** The addresses of all servers, this node's own included. */
  readonly servers: readonly string[];
  readonly mode: "server" | "client";
  /** Told to the catalog as {@linkcode START_META}: what tells this start from earlier ones. */
  readonly start: string;
}

/**
 * Name of the node's metadata that has {@linkcode AgentParams.start}. After a restart the catalog
 * shows what was true before it until the agent has told it anew; then it shows the new value.
 */
export const START_META = "hare-start";

/**
 * What is the same for every agent of a cluster, all of it on purpose:
 *
 * - `raft_multiplier` 1: Consul's own advice for production; a leader in 1.4 s, not 6 s.
 * - `gossip_lan`: a node that is gone is known to be so after 5 to 8 s. Only the loss of a leader's
 *   whole host waits for that: else the RC has a check of its own. Shorter times would take a slow
 *   node for a dead one. The values are written down so that no release changes them.
 * - `autopilot.min_quorum` 3: a dead server keeps its vote while there are no more than three. Consul
 *   would take it away within 10 s, also from one that is just back, and give it again half a minute
 *   later; of the two that are left neither can be lost then, and where one is, no leader is found
 *   until that very one returns. Consul takes this over when a cluster first elects a leader.
 * - `http_max_conns_per_client`: all of a node's requests come from one address. hax, the RC and a
 *   few operators hold some 30 connections; a program that leaks them shall be noticed, and soon.
 * - `check_update_interval` 0: what a check says is in the catalog at once, also while its status stays
 *   the same, as of a process that hax has no link with; else it is up to 7 minutes late. hax tells
 *   only what is new.
 * - `leave_on_terminate` false: a node that reboots is seen to have failed, and does not vanish from
 *   the catalog together with its services.
 * - `disable_update_check`: a storage cluster asks nobody outside.
 */
export const COMMON_SETTINGS = {
  performance: { raft_multiplier: 1 },
  gossip_lan: { probe_interval: "1s", probe_timeout: "500ms", suspicion_mult: 4 },
  autopilot: { min_quorum: 3 },
  limits: { http_max_conns_per_client: 200 },
  check_update_interval: "0s",
  leave_on_terminate: false,
  disable_update_check: true,
} as const;

/**
 * Pause between two attempts to join: with Consul's own, an agent that starts a moment before the
 * one that it joins waits 30 s.
 */
export const RETRY_INTERVAL = "500ms";

/**
 * The agent's configuration file (Consul's agent configuration reference), as JSON text. Every
 * server is in `retry_join`, and `bootstrap_expect` is their true number: no second cluster can
 * form.
 */
export function renderAgentConfig(params: AgentParams): string {
  const config = {
    node_name: params.nodeName,
    node_id: params.nodeId,
    node_meta: { [START_META]: params.start },
    datacenter: params.datacenter,
    data_dir: params.dataDir,
    bind_addr: params.bindAddress,
    client_addr: params.clientAddress,
    retry_join: params.servers.filter((address) => address !== params.bindAddress),
    retry_interval: RETRY_INTERVAL,
    server: params.mode === "server",
    ...(params.mode === "server" ? { bootstrap_expect: params.servers.length } : {}),
    ui_config: { enabled: true },
    ...COMMON_SETTINGS,
    log_level: "info",
  };
  return JSON.stringify(config, null, 2) + "\n";
}
