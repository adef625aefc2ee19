/**
 * The rules of a CDF that need no facts (spec: cfgen.md, Rules beyond types).
 *
 * @module
 */

import { nodeKey } from "../../mod/lib/node_name.ts";
import type { EndpointNumbers, Target, Transport } from "../target.ts";
import type { Path } from "./path.ts";
import type { Problems } from "./problems.ts";
import type { Cdf, CdfHost, CdfPool } from "./schema.ts";
import { unitsOf } from "./units.ts";

/** Adds what is against the rules to `problems`. */
export function checkRules(cdf: Cdf, target: Target, problems: Problems): void {
  checkTargetKeys(cdf, target, problems);
  checkHostNames(cdf.hosts, problems);
  cdf.hosts.forEach((host, i) => {
    checkServers(host, ["hosts", i], problems);
    checkEndpoints(host, ["hosts", i], transportOf(cdf, target), problems);
  });
  checkClients(cdf.hosts, problems);
  checkConfds(cdf.hosts, problems);
  checkPoolNames(cdf.pools, problems);
  cdf.pools.forEach((pool, i) => {
    checkPoolHasDisks(cdf, pool, ["pools", i], problems);
    checkAskedTolerance(pool, ["pools", i], problems);
  });
}

/** The transport that the CDF asks for, or the target's own where it does not or must not. */
export function transportOf(cdf: Cdf, target: Target): Transport {
  const { transports, defaultTransport } = target;
  const transport = transports[cdf.transport ?? defaultTransport] ?? transports[defaultTransport];
  if (transport === undefined) throw new TypeError(`target ${target.name} lacks its transport`);
  return transport;
}

/** The part of `[user@]hostname` after the user. */
export function hostnameOf(name: string): string {
  return name.slice(name.indexOf("@") + 1);
}

/** What is wrong with a hostname or a user's name; nothing is the empty text. */
export function nameFault(name: string): string {
  if (name === "") return "is empty";
  if (name.startsWith("-")) return "begins with a dash";
  const bad = /["@,=/\s\p{Cc}]/u.exec(name)?.[0];
  return bad === undefined ? "" : `contains ${bad === " " ? "a space" : JSON.stringify(bad)}`;
}

function checkTargetKeys(cdf: Cdf, target: Target, problems: Problems): void {
  const only = `is for target motr only; this is target ${target.name}`;
  if (cdf.transport && target.name !== "motr") {
    problems.add(["transport"], `transport ${only}`, { at: "key" });
  }
  cdf.pools.forEach((pool, i) => {
    if (pool.spare_units === undefined || pool.spare_units === null) return;
    if (target.conf.spareUnits) return;
    problems.add(["pools", i, "spare_units"], `spare_units ${only}`, { at: "key" });
  });
}

const CASE_IS_NOTHING = ": names that differ in case only are the same to Consul and DNS";

function checkHostNames(hosts: readonly CdfHost[], problems: Problems): void {
  const seen = new Map<string, number>();
  hosts.forEach(({ name }, i) => {
    const path = ["hosts", i, "name"];
    const hostname = hostnameOf(name);
    const user = name.includes("@") ? name.slice(0, name.indexOf("@")) : undefined;
    const userFault = user === undefined ? "" : nameFault(user);
    if (userFault !== "") problems.add(path, `the user of ${JSON.stringify(name)} ${userFault}`);
    const fault = nameFault(hostname);
    if (fault !== "") problems.add(path, `the hostname of ${JSON.stringify(name)} ${fault}`);
    const first = seen.get(nodeKey(hostname));
    if (first === undefined) seen.set(nodeKey(hostname), i);
    else {problems.add(
        path,
        `host ${JSON.stringify(hostname)} is hosts[${first}] already${
          hostnameOf(hosts[first]?.name ?? "") === hostname ? "" : CASE_IS_NOTHING
        }`,
      );}
  });
}

function checkServers(host: CdfHost, path: Path, problems: Problems): void {
  const servers = host.m0_servers ?? [];
  let confd: number | undefined;
  servers.forEach((server, i) => {
    const at = [...path, "m0_servers", i];
    if (server.runs_confd !== true && !server.io_disks) {
      problems.add(at, "this server neither runs confd nor has io_disks", {
        from: [[...at, "runs_confd"], [...at, "io_disks"]],
      });
    }
    if (server.runs_confd !== true) return;
    if (confd === undefined) confd = i;
    else {
      const text = `m0_servers[${confd}] of this host runs confd already; expected at most one`;
      problems.add([...at, "runs_confd"], text);
    }
  });
  if (servers.length + host.c0_clients + host.m0t1fs_clients === 0) {
    problems.add(path, "this host has no server and no client", {
      from: ["m0_servers", "c0_clients", "m0t1fs_clients"].map((key) => [...path, key]),
    });
  }
}

function checkEndpoints(host: CdfHost, path: Path, transport: Transport, problems: Problems): void {
  const servers = host.m0_servers ?? [];
  const ios = servers.filter((server) => server.runs_confd !== true).length;
  const { confd, ios: ioNumbers, client } = transport.numbers;
  const shared = confd.portal === ioNumbers.portal ? servers.length : ios;
  limit(shared, ioNumbers, "servers", [...path, "m0_servers"]);
  const clients = host.c0_clients + host.m0t1fs_clients;
  const key = host.c0_clients >= host.m0t1fs_clients ? "c0_clients" : "m0t1fs_clients";
  limit(clients, client, "clients", [...path, key]);

  function limit(count: number, { first, last }: EndpointNumbers, what: string, at: Path): void {
    const most = last - first + 1;
    if (count <= most) return;
    problems.add(at, `${count} ${what} on one host; there are endpoints for at most ${most}`);
  }
}

/** All clients of a cluster together: each has objects and keys of its own. */
const MAX_CLIENTS = 100_000;

function checkClients(hosts: readonly CdfHost[], problems: Problems): void {
  const clients = hosts.reduce((sum, host) => sum + host.c0_clients + host.m0t1fs_clients, 0);
  if (clients <= MAX_CLIENTS) return;
  problems.add(["hosts"], `${clients} clients in all; expected at most ${MAX_CLIENTS}`, {
    at: "key",
    from: [["hosts", "*", "c0_clients"], ["hosts", "*", "m0t1fs_clients"]],
  });
}

function checkConfds(hosts: readonly CdfHost[], problems: Problems): void {
  const runsConfd = (host: CdfHost) => host.m0_servers?.some((server) => server.runs_confd);
  if (hosts.some(runsConfd)) return;
  problems.add(["hosts"], "no host runs confd; expected at least one with runs_confd: true", {
    at: "key",
    from: [["hosts", "*", "m0_servers"]],
  });
}

function checkPoolNames(pools: readonly CdfPool[], problems: Problems): void {
  const seen = new Map<string, number>();
  pools.forEach(({ name }, i) => {
    const first = seen.get(name);
    if (first === undefined) return void seen.set(name, i);
    problems.add(
      ["pools", i, "name"],
      `pool ${JSON.stringify(name)} is pools[${first}] already`,
    );
  });
}

function checkPoolHasDisks(cdf: Cdf, pool: CdfPool, path: Path, problems: Problems): void {
  if (pool.disks !== "all") return;
  if (cdf.hosts.some((host) => host.m0_servers?.some((server) => server.io_disks))) return;
  const text = "this pool is empty: no host has a server with io_disks";
  problems.add([...path, "disks"], text, { from: [["hosts", "*", "m0_servers"]] });
}

/** What can be said without the number of controllers. */
function checkAskedTolerance(pool: CdfPool, path: Path, problems: Problems): void {
  const asked = pool.allowed_failures ?? {};
  const { parity } = unitsOf(pool);
  const at = (level: string): Path => [...path, "allowed_failures", level];
  if ((asked.disk ?? 0) > parity) {
    const text = `expected at most ${parity}, as many drives as there are parity units, found `;
    problems.add(at("disk"), text + asked.disk, { from: [[...path, "parity_units"]] });
  }
  for (const level of ["site", "rack"] as const) {
    if ((asked[level] ?? 0) === 0) continue;
    problems.add(
      at(level),
      `expected 0, as the whole cluster is in one ${level}, found ${asked[level]}`,
    );
  }
}
