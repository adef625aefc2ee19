/**
 * What the CDF describes and the facts found, brought together: hosts with their addresses, disks
 * with their servers, pools with their disks.
 *
 * @module
 */

import type { Path } from "./cdf/path.ts";
import type { Problems } from "./cdf/problems.ts";
import { nodeKey } from "../mod/lib/node_name.ts";
import {
  type Cdf,
  type CdfHost,
  type CdfPool,
  type CdfSelection,
  type CdfServer,
  wholePathRegex,
} from "./cdf/schema.ts";
import {
  type DiskFacts,
  disksFor,
  type Facts,
  factsAbout,
  type HostFacts,
  type SystemFacts,
} from "./facts.ts";

/** All of the cluster. */
export interface Inventory {
  readonly hosts: readonly InventoryHost[];
  /** All disks, in the order of hosts, servers and facts. */
  readonly disks: readonly InventoryDisk[];
  readonly pools: readonly InventoryPool[];
}

/** A host with its facts. */
export interface InventoryHost {
  readonly cdf: CdfHost;
  readonly facts: SystemFacts;
  /** Address of Mero's services. */
  readonly ip: string;
  readonly servers: readonly InventoryServer[];
}

/** A Mero server with the disks that it serves. */
export interface InventoryServer {
  readonly cdf: CdfServer;
  readonly disks: readonly InventoryDisk[];
}

/** A disk in its place. */
export interface InventoryDisk {
  /** Index in {@linkcode Inventory.disks}. */
  readonly index: number;
  /** Index of its host. */
  readonly host: number;
  /** Index of its server on that host. */
  readonly server: number;
  readonly facts: DiskFacts;
}

/** A pool with its disks, in the order of all disks. */
export interface InventoryPool {
  readonly cdf: CdfPool;
  readonly disks: readonly InventoryDisk[];
}

/** Paths of all that decides which disks there are. */
export const DISK_GROUNDS: readonly Path[] = [
  ["hosts", "*", "name"],
  ["hosts", "*", "m0_servers", "*", "io_disks"],
];

/** Joins `cdf` and `facts`; what does not fit is added to `problems`. */
export function takeInventory(cdf: Cdf, facts: Facts, problems: Problems): Inventory {
  const disks: InventoryDisk[] = [];
  const hosts: InventoryHost[] = [];
  let allFound = true;
  cdf.hosts.forEach((host, i) => {
    const path = ["hosts", i];
    const found = factsAbout(host.name, facts);
    if (found === undefined) {
      problems.add([...path, "name"], `there are no facts about host ${JSON.stringify(host.name)}`);
      problems.distrust([...path, "name"]);
      allFound = false;
    }
    hosts.push({
      cdf: host,
      facts: found?.facts ?? { hostname: "", processorcount: 1, memorysize_mb: 0 },
      ip: found === undefined ? "" : addressOf(host, found, path, problems),
      servers: serversOf(host, i, found, disks, problems),
    });
  });
  // Names in the CDF go before node names, and a host before one that is listed again.
  const names = [...cdf.hosts.map(({ name }) => name), ...hosts.map(({ facts }) => facts.hostname)];
  const known = new Map(
    names.map((name, i) => [nodeKey(name), i % hosts.length] as const).toReversed(), // the last one stays
  );
  const pools = cdf.pools.map((pool, i): InventoryPool => ({
    cdf: pool,
    disks: pool.disks === "all"
      ? disks
      : select(pool.disks, ["pools", i, "disks"], disks, { hosts, known, allFound }, problems),
  }));
  return { hosts, disks, pools };
}

function addressOf(host: CdfHost, { facts }: HostFacts, path: Path, problems: Problems): string {
  const iface = host.data_iface;
  const ip = iface ? facts[`ipaddress_${iface}`] : facts.ipaddress;
  if (ip !== undefined) return ip;
  const where = iface ? `on ${JSON.stringify(iface)}` : "of its own";
  const key = iface ? "data_iface" : "name";
  problems.add([...path, key], `${host.name} has no IPv4 address ${where}`, {
    from: [[...path, "data_iface"]],
  });
  return "";
}

function serversOf(
  host: CdfHost,
  hostIndex: number,
  found: HostFacts | undefined,
  all: InventoryDisk[],
  problems: Problems,
): readonly InventoryServer[] {
  const users = new Map<string, number>();
  return (host.m0_servers ?? []).map((server, i) => {
    const glob = server.io_disks?.path_glob;
    if (glob === undefined || found === undefined) return { cdf: server, disks: [] };
    const path = ["hosts", hostIndex, "m0_servers", i, "io_disks", "path_glob"];
    const matched = disksFor(glob, found);
    if (matched.length === 0) {
      problems.add(path, `${JSON.stringify(glob)} matches no disk on ${host.name}`);
    }
    const disks: InventoryDisk[] = [];
    const twice: DiskFacts[] = [];
    for (const facts of matched) {
      if (users.has(facts.path)) twice.push(facts);
      else users.set(facts.path, i);
      const disk = { index: all.length, host: hostIndex, server: i, facts };
      disks.push(disk);
      all.push(disk);
    }
    if (twice.length > 0) problems.add(path, usedTwice(twice, users));
    return { cdf: server, disks };
  });
}

function usedTwice(disks: readonly DiskFacts[], users: ReadonlyMap<string, number>): string {
  const [first] = disks;
  const user = users.get(first?.path ?? "");
  const more = disks.length === 1 ? "" : ` and ${disks.length - 1} more`;
  return `disk ${first?.path}${more}: used by m0_servers[${user}] of this host already`;
}

/** What a selection is looked up in. */
interface Known {
  readonly hosts: readonly InventoryHost[];
  /** Indexes of hosts by name in the CDF and by node name. */
  readonly known: ReadonlyMap<string, number>;
  /** There are facts about every host. */
  readonly allFound: boolean;
}

function select(
  asked: Exclude<CdfPool["disks"], "all">,
  path: Path,
  all: readonly InventoryDisk[],
  { hosts, known, allFound }: Known,
  problems: Problems,
): readonly InventoryDisk[] {
  const [entries, base] = entriesOf(asked, path);
  const chosen = new Set<number>();
  entries.forEach(({ host, path_regex }, i) => {
    const at = [...base, i];
    const index = known.get(nodeKey(host));
    const owner = index === undefined ? undefined : hosts[index];
    if (index === undefined || owner === undefined) {
      if (!allFound) return; // it may be the node name of a host without facts
      const text = `no host of this cluster is called ${JSON.stringify(host)}`;
      problems.add([...at, "host"], text, { from: [["hosts", "*", "name"]] });
      return;
    }
    const regex = wholePathRegex(path_regex);
    const disks = owner.servers.flatMap((server) => server.disks);
    const matched = disks.filter(({ facts }) => regex.test(facts.path));
    for (const disk of matched) chosen.add(disk.index);
    if (matched.length > 0) return;
    const text = `${JSON.stringify(path_regex)} matches none of the ${disks.length} disks of`;
    problems.add([...at, "path_regex"], `${text} ${owner.cdf.name}`, {
      from: [[...at, "host"], ["hosts", index, "name"], ["hosts", index, "m0_servers"]],
    });
  });
  return all.filter(({ index }) => chosen.has(index));
}

/** The entries of a selection, in either of its two forms, and where they stand. */
function entriesOf(
  disks: Exclude<CdfPool["disks"], "all">,
  path: Path,
): [entries: readonly CdfSelection[], base: Path] {
  return "select" in disks ? [disks.select, [...path, "select"]] : [disks, path];
}
