/**
 * The two files for Consul: which agents there are, and what its KV begins with.
 *
 * @module
 */

import type { ClusterLayout, HostLayout } from "../layout.ts";

/** `consul-agents.json`: the nodes that run a Consul server, and those with a client. */
export function writeConsulAgents({ hosts }: ClusterLayout): string {
  const agent = ({ node, ip }: HostLayout) => ({ hostname: node, ipaddr: ip });
  return writeJson({
    servers: hosts.filter((host) => host.isServer).map(agent),
    clients: hosts.filter((host) => !host.isServer).map(agent),
  });
}

/**
 * `consul-kv.json`: what is imported into Consul's KV (spec: kv.md).
 *
 * @param nextKey the first key that no configuration object has
 */
export function writeConsulKv({ hosts }: ClusterLayout, nextKey: number): string {
  const processes = hosts.flatMap(({ node, processes }) =>
    processes.map((process) => ({ ...process, prefix: `node/${node}/service/${process.fidk}` }))
  );
  return writeJson([
    { key: "leader", value: "" },
    { key: "epoch", value: 1 },
    { key: "last_fidk", value: nextKey },
    ...processes.map(({ prefix, types }) => ({ key: `${prefix}/types`, value: types.join(" ") })),
    ...processes.map(({ prefix, endpoint }) => ({ key: `${prefix}/ep`, value: endpoint })),
  ]);
}

/** JSON in ASCII: two spaces of indent, a newline at the end. */
function writeJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(/[\u007f-\uffff]/g, unicodeEscape) + "\n";
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
