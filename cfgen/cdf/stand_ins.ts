/**
 * Stand-ins for what is wrong in a CDF, so that the rules can go on with the rest: all problems of
 * a file at once. Nothing is concluded from a stand-in ({@linkcode Problems.distrust}).
 *
 * @module
 */

import type { Path } from "./path.ts";

const DISKS = { path_glob: "?" };
const HOST = { name: "?", c0_clients: 0, m0t1fs_clients: 0 };
const POOL = { name: "?", disks: "all", data_units: 1, parity_units: 0 };
const SELECTION = { host: "?", path_regex: "" };

/** By path, the indexes left out. What is not here is optional, and its stand-in is absence. */
const STAND_INS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["", { hosts: [HOST], pools: [POOL] }],
  ["hosts", [HOST]],
  ["hosts.*", HOST],
  ["hosts.*.name", HOST.name],
  ["hosts.*.c0_clients", HOST.c0_clients],
  ["hosts.*.m0t1fs_clients", HOST.m0t1fs_clients],
  ["hosts.*.m0_servers.*", { io_disks: DISKS }],
  ["hosts.*.m0_servers.*.io_disks.path_glob", DISKS.path_glob],
  ["pools", [POOL]],
  ["pools.*", POOL],
  ["pools.*.name", POOL.name],
  ["pools.*.disks", POOL.disks],
  ["pools.*.disks.*", SELECTION],
  ["pools.*.disks.*.host", SELECTION.host],
  ["pools.*.disks.*.path_regex", SELECTION.path_regex],
  ["pools.*.disks.select", [SELECTION]],
  ["pools.*.disks.select.*", SELECTION],
  ["pools.*.disks.select.*.host", SELECTION.host],
  ["pools.*.disks.select.*.path_regex", SELECTION.path_regex],
  ["pools.*.data_units", POOL.data_units],
  ["pools.*.parity_units", POOL.parity_units],
]);

/** A copy of `value` in which what stands at `places` is replaced or, where it may be, absent. */
export function replaceWrong(value: unknown, places: readonly Path[]): unknown {
  const holder: Record<string, unknown> = { root: structuredClone(value) };
  for (const path of places) {
    const pattern = path.map((step) => typeof step === "number" ? "*" : step).join(".");
    const standIn = structuredClone(STAND_INS.get(pattern));
    let parent: unknown = holder;
    let last: string | number = "root";
    for (const step of path) {
      parent = (parent as Record<string | number, unknown>)[last];
      last = step;
    }
    if (typeof parent !== "object" || parent === null) continue; // replaced as a whole already
    if (standIn === undefined) delete (parent as Record<string | number, unknown>)[last];
    else (parent as Record<string | number, unknown>)[last] = standIn;
  }
  return holder.root;
}
