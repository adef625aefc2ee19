/**
 * Phase 1 of a development cluster: nothing else uses the hosts' addresses, and their disks are
 * there.
 *
 * @module
 */

import type { ClusterHost } from "../bringup/cluster.ts";
import type { Phase } from "../bringup/engine.ts";
import { CONSUL_UNIT, HAX_UNIT } from "../host/places.ts";
import { HareError } from "../lib/errors.ts";
import { ignoreNotFound } from "../lib/files.ts";
import { dirname } from "../lib/std/path.ts";
import { CONSUL_PORT, HAX_PORT } from "./cluster.ts";

/** The ports of each unit. Consul's others: Raft and RPC, gossip, gossip between datacenters. */
const PORTS: readonly (readonly [unit: string, ports: readonly number[]])[] = [
  [CONSUL_UNIT, [CONSUL_PORT, 8300, 8301, 8302]],
  [HAX_UNIT, [HAX_PORT]],
];

/** Checks that the ports of units that do not run are free, and makes the disks. */
export function prepareHosts(hosts: readonly ClusterHost[]): Phase<ClusterHost> {
  return {
    name: "check",
    title: "check the hosts, make their disks",
    limitMs: 60_000,
    hosts,
    run: async ({ name, host, hax, layout }, options) => {
      const taken: number[] = [];
      for (const [unit, ports] of PORTS) {
        if ((await host.unitStatus(unit, options)).state === "active") continue;
        taken.push(...ports.filter((port) => !isFree(hax.address, port)));
      }
      if (taken.length > 0) {
        throw new HareError(`${name}: ${hax.address} has ports in use: ${taken.join(", ")}`, {
          hint: "does another development cluster run on these addresses? take it down, or give " +
            "this one addresses of its own with --net 127.78.0",
        });
      }
      for (const { path, size } of layout.processes.flatMap(({ disks }) => disks)) {
        await makeDisk(path, size);
      }
    },
  };
}

/**
 * Creates a sparse file in place of a disk; extends an existing file that is too short.
 *
 * @param size in bytes
 * @throws {HareError} when `path` exists and is not a regular file
 */
export async function makeDisk(path: string, size: number): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  // Opening a FIFO would wait for a reader.
  const info = await Deno.stat(path).catch(ignoreNotFound);
  if (info && !info.isFile) {
    throw new HareError(`${path} stands for a disk, and is no file`, {
      hint: "look at what it is, and move it away",
    });
  }
  using file = await Deno.open(path, { create: true, write: true });
  if ((await file.stat()).size < size) await file.truncate(size);
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
