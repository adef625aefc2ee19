/**
 * Phase 1 of a development cluster: nothing else uses the hosts' addresses, and their disks are
 * there.
 *
 * @module
 */

import type { ClusterHost } from "../bringup/cluster.ts";
import type { Phase } from "../bringup/engine.ts";
import { CONSUL_UNIT } from "../host/places.ts";
import { HareError } from "../lib/errors.ts";
import { dirname } from "../lib/std/path.ts";
import { CONSUL_PORT, HAX_PORT } from "./cluster.ts";

/** Consul's other ports: Raft and RPC, gossip, gossip between datacenters. */
const PORTS = [CONSUL_PORT, 8300, 8301, 8302, HAX_PORT];

/** Checks the addresses of hosts that do not run yet, and makes the disks. */
export function prepareHosts(hosts: readonly ClusterHost[]): Phase<ClusterHost> {
  return {
    name: "check",
    title: "check the hosts, make their disks",
    limitMs: 60_000,
    hosts,
    run: async ({ name, host, hax, layout }, options) => {
      if ((await host.unitStatus(CONSUL_UNIT, options)).state !== "active") {
        const taken = PORTS.filter((port) => !isFree(hax.address, port));
        if (taken.length > 0) {
          throw new HareError(`${name}: ${hax.address} has ports in use: ${taken.join(", ")}`, {
            hint: "another development cluster runs on these addresses? take it down, or give " +
              "this one addresses of its own with --net 127.78.0",
          });
        }
      }
      for (const { path, size } of layout.processes.flatMap(({ disks }) => disks)) {
        await Deno.mkdir(dirname(path), { recursive: true });
        const file = await Deno.open(path, { create: true, write: true });
        if ((await file.stat()).size < size) await file.truncate(size);
        file.close();
      }
    },
  };
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
