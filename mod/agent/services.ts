/**
 * The services that a node's Consul agent registers for its Mero processes, with their checks and
 * the watches that post to hax (spec: commands.md, `hare consul-conf`; halink.md, Checks).
 *
 * @module
 */

import { type Fid, formatFid } from "../lib/fid.ts";

/** One Mero process of a node, as far as its services are concerned. */
export interface NodeProcess {
  readonly fid: Fid;
  /** Mero network address, `192.168.0.1@tcp:12345:2:1` or `inet:tcp:192.168.0.1@21001`. */
  readonly endpoint: string;
  /** Names of Mero's service types, lower case: `ha`, `rms`, `confd`, `ios`, … */
  readonly types: readonly string[];
}

/** What Hare has Consul know a process as. */
export type ServiceName = "hax" | "confd" | "ios";

/** A service as Consul is told of it. */
export interface ServiceDefinition {
  readonly id: string;
  readonly name: ServiceName;
  readonly address: string;
  readonly port: number;
  readonly checks: readonly [CheckDefinition];
}

/** The check of a service: the node's hax tells Consul's agent how the service is. */
export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly ttl: string;
  readonly status: "warning";
}

/**
 * Seconds after which a check turns critical of which hax has told nothing. A hax that is started anew
 * is back by then, so that it costs no leadership, which depends on confd's check. A node has many io
 * servers, and each time that the agent is told of one costs it half a millisecond.
 */
export const CHECK_TTL_SECONDS = { hax: 10, confd: 10, ios: 30 } as const satisfies Record<
  ServiceName,
  number
>;

/** What the check of a process says, besides, that serves and that hax cannot tell anything. */
export const NO_LINK = "it has no link with hax";

/** The services of a process; a client has none. */
export function serviceNames({ types }: Pick<NodeProcess, "types">): readonly ServiceName[] {
  if (types.includes("ha")) return ["hax"];
  return (["confd", "ios"] as const).filter((name) => types.includes(name));
}

/**
 * The ID of a process's service: its fid key in decimal. Where one process runs both confd and
 * ios, IDs on one agent must differ: there the ios has the whole fid. Readers take either form.
 */
export function serviceId(process: NodeProcess, name: ServiceName): string {
  const both = process.types.includes("confd") && process.types.includes("ios");
  return both && name === "ios" ? formatFid(process.fid) : process.fid.key.toString();
}

/** The ID of a service's check, as Consul would derive it. */
export function checkId(process: NodeProcess, name: ServiceName): string {
  return `service:${serviceId(process, name)}`;
}

/**
 * Address and port of an endpoint as Consul is told them: of `inet:tcp:<ip>@<port>` that port; of
 * `<ip>@tcp:12345:<portal>:<tmid>` the text before the last colon and the tmid.
 *
 * @throws {TypeError} for any other text
 */
export function consulAddress(endpoint: string): { address: string; port: number } {
  const [, ip, ipPort] = /^inet6?:tcp:(.+)@(\d+)$/.exec(endpoint) ?? [];
  if (ip !== undefined) return { address: ip, port: Number(ipPort) };
  const [, address, tmid] = /^(.+@.+):(\d+)$/.exec(endpoint) ?? [];
  if (address !== undefined) return { address, port: Number(tmid) };
  throw new TypeError(`not an endpoint of Mero: ${endpoint}`);
}

/** Where a node's hax answers HTTP. */
export interface HaxAddress {
  readonly address: string;
  readonly port: number;
}

/** Services of a node's processes, in the order of the processes. */
export function servicesOf(
  processes: readonly NodeProcess[],
  hax: HaxAddress,
): readonly ServiceDefinition[] {
  return processes.flatMap((process) =>
    serviceNames(process).map((name) => ({
      id: serviceId(process, name),
      name,
      ...(name === "hax" ? hax : consulAddress(process.endpoint)),
      checks: [{
        id: checkId(process, name),
        name: `${name} ${formatFid(process.fid)}`,
        ttl: `${CHECK_TTL_SECONDS[name]}s`,
        // Not critical before hax has told anything: a critical check refuses the RC its session.
        status: "warning",
      }],
    }))
  );
}

/**
 * The configuration file of a node's services, as JSON text: the services, and watches on `confd`,
 * `ios` and the broadcast queue that post to hax. There is none on `leader`: the RC asks itself. The
 * web UI is on, also where the agent's own file does not say so.
 */
export function renderServices(processes: readonly NodeProcess[], hax: HaxAddress): string {
  const post = {
    handler_type: "http",
    http_handler_config: {
      path: `http://${hax.address}:${hax.port}/`,
      method: "POST",
      timeout: "10s",
    },
  };
  const config = {
    ui_config: { enabled: true },
    services: servicesOf(processes, hax),
    watches: [
      { type: "service", service: "confd", ...post },
      { type: "service", service: "ios", ...post },
      { type: "keyprefix", prefix: "bq/", ...post },
    ],
  };
  return JSON.stringify(config, null, 2) + "\n";
}
