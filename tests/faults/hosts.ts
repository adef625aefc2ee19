/**
 * The faults of a cluster of test hosts, each with a Consul server, hax, and a coordinator under
 * their units: what a machine room does to them.
 *
 * @module
 */

import { OPTIONS_VARIABLE } from "../../mod/agent/consul_env.ts";
import { Consul } from "../../mod/consul/mod.ts";
import { CONSUL_ENV_FILE, RC_UNIT } from "../../mod/host/places.ts";
import { bootstrapWell, prepare } from "../bootstrap/cluster.ts";
import type { TestHost, TestHosts } from "../hosts/mod.ts";
import type { Fault } from "./fault.ts";
import type { FaultNode } from "./leadership.ts";

/** A test host. */
export interface HostNode extends FaultNode {
  readonly host: TestHost;
}

/** Brings a cluster up whose Consul agents also answer this machine, and gives it a cable there. */
export async function bringUp(hosts: TestHosts): Promise<readonly HostNode[]> {
  const first = await prepare(hosts, hosts.all.length);
  for (const host of hosts.all) {
    await host.write(CONSUL_ENV_FILE, `${OPTIONS_VARIABLE}=-client=0.0.0.0\n`);
  }
  await bootstrapWell(first, ["--until", "rc"]);
  await hosts.connectHere();
  return hosts.all.map((host): HostNode => {
    const { name, address } = host;
    return { host, name, address, consul: new Consul({ address: `http://${address}:8500` }) };
  });
}

const kill = (signal: "KILL" | "STOP" | "CONT") => ({ host }: HostNode) =>
  host.output(["systemctl", "kill", `--signal=${signal}`, RC_UNIT]);

/** Has it run: faults come faster than systemd's limit of starts allows. */
async function startRc({ host }: HostNode): Promise<void> {
  await host.output(["systemctl", "reset-failed", RC_UNIT]);
  await host.output(["systemctl", "start", RC_UNIT]);
}

/** The faults by name. */
export const HOST_FAULTS = {
  "the leader's host is cut off": {
    weight: 4,
    hits: "the leader",
    takesServer: true,
    strike: ({ host }) => host.cut(),
    mend: ({ host }) => host.heal(),
  },
  "the leader is killed": {
    weight: 3,
    hits: "the leader",
    takesServer: false,
    strike: kill("KILL"),
    mend: startRc,
  },
  "the leader's host loses its power": {
    weight: 2,
    hits: "the leader",
    takesServer: true,
    strike: ({ host }) => host.crash(),
    mend: ({ host }) => host.boot(),
  },
  "the leader is told to stop": {
    weight: 3,
    hits: "the leader",
    takesServer: false,
    strike: ({ host }) => host.output(["systemctl", "stop", RC_UNIT]),
    mend: startRc,
  },
  "Raft's leader's host is cut off": {
    weight: 2,
    hits: "Raft's leader",
    takesServer: true,
    strike: ({ host }) => host.cut(),
    mend: ({ host }) => host.heal(),
  },
  "the leader is frozen past its session": {
    weight: 3,
    hits: "the leader",
    takesServer: false,
    strike: kill("STOP"),
    mend: kill("CONT"),
  },
  "the leader's host hangs": {
    weight: 2,
    hits: "the leader",
    takesServer: true,
    strike: ({ host }) => host.freeze(),
    mend: ({ host }) => host.thaw(),
  },
} as const satisfies Readonly<Record<string, Fault<HostNode>>>;

/** Name of a fault. */
export type HostFaultName = keyof typeof HOST_FAULTS;
