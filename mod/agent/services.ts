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

/** A service as Consul is told of it. */
export interface ServiceDefinition {
  readonly id: string;
  readonly name: "hax" | "confd" | "ios";
  readonly address: string;
  readonly port: number;
  readonly checks: readonly [CheckDefinition];
}

/** The check of a service: Consul's agent asks the node's hax. */
export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly http: string;
  readonly interval: string;
  readonly timeout: string;
  readonly status: "warning";
  readonly failures_before_critical: number;
}

/**
 * The ID of a process's service: its fid key in decimal. Where one process runs both confd and
 * ios, IDs on one agent must differ: there the ios has the whole fid. Readers take either form.
 */
export function serviceId(process: NodeProcess, name: ServiceDefinition["name"]): string {
  const both = process.types.includes("confd") && process.types.includes("ios");
  return both && name === "ios" ? formatFid(process.fid) : process.fid.key.toString();
}

/** The ID of a service's check, as Consul would derive it. */
export function checkId(process: NodeProcess, name: ServiceDefinition["name"]): string {
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

/**
 * Checks of io servers that a node makes in a second, at most. Each costs the agent and hax together
 * a millisecond or two, so that a node with many io servers asks after each less often: it is late
 * by seconds that Consul, and who looks there, knows of a death. Mero is told by hax, which does not
 * wait for a check; and leadership depends on confd's, which is made each second.
 */
const IOS_CHECKS_PER_SECOND = 6;
/** Seconds for which a hax that is started anew may not answer: that costs no leadership. */
const RESTART_SECONDS = 2;

/** Services of a node's processes, in the order of the processes. */
export function servicesOf(
  processes: readonly NodeProcess[],
  hax: HaxAddress,
): readonly ServiceDefinition[] {
  const health = `http://${hax.address}:${hax.port}/health`;
  const ios = processes.filter(({ types }) => types.includes("ios"));
  const iosSeconds = Math.max(1, Math.ceil(ios.length / IOS_CHECKS_PER_SECOND));
  return processes.flatMap((process) => {
    const define = (
      name: ServiceDefinition["name"],
      at: { address: string; port: number },
      http: string,
    ): ServiceDefinition => {
      const seconds = name === "ios" ? iosSeconds : 1;
      return {
        id: serviceId(process, name),
        name,
        ...at,
        checks: [{
          id: checkId(process, name),
          name: `${name} ${formatFid(process.fid)}`,
          http,
          interval: `${seconds}s`,
          // hax answers from memory; its answer is late only when hax hangs.
          timeout: "900ms",
          // Not critical before the first answer: a critical check refuses the RC its session.
          status: "warning",
          failures_before_critical: 1 + Math.ceil(RESTART_SECONDS / seconds),
        }],
      };
    };
    const ofProcess = `${health}/${formatFid(process.fid)}`;
    return [
      ...(process.types.includes("ha") ? [define("hax", { ...hax }, health)] : []),
      ...(["confd", "ios"] as const)
        .filter((name) => process.types.includes(name))
        .map((name) => define(name, consulAddress(process.endpoint), ofProcess)),
    ];
  });
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
