/**
 * The start-up parameters of a node's Consul agent for its unit, which runs
 * `consul agent … $HARE_CONSUL_OPTIONS` (spec: commands.md, `hare consul-env`): for whoever brings a
 * node up by hand, and for what a site adds. Options win over the agent's configuration files.
 *
 * @module
 */

import { COMMON_SETTINGS, RETRY_INTERVAL } from "./agent_config.ts";
import { joinWords, quoted } from "./words.ts";

/** Name of the variable with the options. */
export const OPTIONS_VARIABLE = "HARE_CONSUL_OPTIONS";

/** What the agent is started with. */
export interface ConsulEnv {
  readonly mode: "server" | "client";
  readonly nodeName: string;
  /** Stable over reboots, a UUID. */
  readonly nodeId: string;
  /** Address that the other agents reach. */
  readonly bind: string;
  /** Addresses of the other servers; a server expects as many and itself. */
  readonly join: readonly string[];
  readonly dataDir: string;
  /** Further options: the last ones, so that they win. */
  readonly extra: readonly string[];
}

/**
 * The text of the unit's `EnvironmentFile`.
 *
 * @throws {HareError} when a value holds a line break
 */
export function renderConsulEnv(env: ConsulEnv): string {
  return `${OPTIONS_VARIABLE}=${quoted(joinWords(optionsOf(env)))}\n`;
}

function optionsOf(env: ConsulEnv): readonly string[] {
  const others = [...new Set(env.join)].filter((address) => address !== env.bind);
  return [
    ...(env.mode === "server" ? ["-server", `-bootstrap-expect=${others.length + 1}`] : []),
    `-node=${env.nodeName}`,
    `-node-id=${env.nodeId}`,
    `-bind=${env.bind}`,
    "-client=127.0.0.1",
    `-data-dir=${env.dataDir}`,
    ...others.map((address) => `-retry-join=${address}`),
    `-retry-interval=${RETRY_INTERVAL}`,
    "-ui",
    ...Object.entries(COMMON_SETTINGS).map(([name, value]) => `-hcl=${name}${hclOf(value)}`),
    ...env.extra,
  ];
}

/** What stands after a setting's name in HCL: ` = value`, or a block. */
function hclOf(value: (typeof COMMON_SETTINGS)[keyof typeof COMMON_SETTINGS]): string {
  if (typeof value !== "object") return `=${JSON.stringify(value)}`;
  const settings = Object.entries(value).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${settings.join(" ")}}`;
}
