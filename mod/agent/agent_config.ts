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
 * The agent's configuration file (Consul's agent configuration reference), as JSON text.
 *
 * Choices made on purpose:
 * - `raft_multiplier` 1: Consul's own advice for production; a leader in 1.4 s, not 6 s.
 * - `retry_interval` 500 ms: with the default, an agent that starts a moment before the one that
 *   it joins waits 30 s.
 * - every server in `retry_join` and the true `bootstrap_expect`: no second cluster can form.
 * - `disable_update_check`: a storage cluster asks nobody outside.
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
    retry_interval: "500ms",
    server: params.mode === "server",
    ...(params.mode === "server" ? { bootstrap_expect: params.servers.length } : {}),
    performance: { raft_multiplier: 1 },
    ui_config: { enabled: true },
    disable_update_check: true,
    log_level: "info",
  };
  return JSON.stringify(config, null, 2) + "\n";
}
