/**
 * The rules of a CDF that need facts (spec: cfgen.md, Rules beyond types). What concerns one disk
 * or selection alone is found while the inventory is taken.
 *
 * @module
 */

import { nodeKey } from "../../mod/lib/node_name.ts";
import { bearableTolerance } from "../conf/tolerance.ts";
import { DISK_GROUNDS, type Inventory, type InventoryPool } from "../inventory.ts";
import type { Target } from "../target.ts";
import type { Path } from "./path.ts";
import type { Problems } from "./problems.ts";
import { hostnameOf, nameFault } from "./rules.ts";
import { formatUnits, unitsOf } from "./units.ts";

/** Adds what is against the rules to `problems`. */
export function checkFactRules(inventory: Inventory, target: Target, problems: Problems): void {
  checkNodes(inventory, problems);
  inventory.pools.forEach((pool, i) => {
    const path = ["pools", i];
    if (pool.disks.length === 0) return; // said already, about the glob or the selection
    checkWidth(pool, path, target, problems);
    checkControllers(pool, path, target, problems);
  });
}

/** Node names and data addresses must tell the hosts apart. */
function checkNodes({ hosts }: Inventory, problems: Problems): void {
  const listed = new Set<string>();
  const names = new Map<string, number>();
  const addresses = new Map<string, number>();
  hosts.forEach(({ cdf, facts: { hostname }, ip }, i) => {
    const path = ["hosts", i, "name"];
    // A host that is listed twice has been told of, and is of course like itself.
    const listedAs = nodeKey(hostnameOf(cdf.name));
    if (listed.has(listedAs)) return;
    listed.add(listedAs);
    if (hostname !== "") {
      const fault = hostname === hostnameOf(cdf.name) ? "" : nameFault(hostname);
      if (fault !== "") problems.add(path, `node name ${JSON.stringify(hostname)} ${fault}`);
      const first = firstWith(nodeKey(hostname), i, names);
      if (first !== i) {
        const text = `node name ${JSON.stringify(hostname)} is that of hosts[${first}] already`;
        problems.add(path, text);
      }
    }
    const first = ip === "" ? i : firstWith(ip, i, addresses);
    if (first !== i) {
      const text = `address ${ip} is that of hosts[${first}] already`;
      problems.add(cdf.data_iface ? ["hosts", i, "data_iface"] : path, text, {
        from: [["hosts", i, "data_iface"], ["hosts", first, "data_iface"]],
      });
    }
  });
}

/** The first index that was noted for `key`; notes `index` when it is the first. */
function firstWith(key: string, index: number, seen: Map<string, number>): number {
  const first = seen.get(key) ?? index;
  seen.set(key, first);
  return first;
}

/** A parity group needs a drive for each of its units. */
function checkWidth(pool: InventoryPool, path: Path, target: Target, problems: Problems): void {
  const units = unitsOf(pool.cdf);
  const width = pool.disks.length;
  if (units.total <= width) return;
  const text = `${formatUnits(units, target)} is more than the ${width} drives of this pool`;
  problems.add([...path, "data_units"], text, { from: groundsOf(path) });
}

/** The tolerance asked for, and whether the computed one can be trusted. */
function checkControllers(
  pool: InventoryPool,
  path: Path,
  target: Target,
  problems: Problems,
): void {
  const drives = new Map<number, number>();
  for (const { host } of pool.disks) drives.set(host, (drives.get(host) ?? 0) + 1);
  const units = unitsOf(pool.cdf);
  const [, , encl, ctrl] = bearableTolerance({
    units: units.total,
    parityUnits: units.parity,
    controllers: drives.size,
  });
  const asked = pool.cdf.allowed_failures;
  for (const [level, most] of [["encl", encl], ["ctrl", ctrl]] as const) {
    const found = asked?.[level] ?? 0;
    if (found <= most) continue;
    const why = `${formatUnits(units, target)} units on ${drives.size} controllers`;
    const text = `expected at most ${most}, as ${why} bear no more, found ${found}`;
    problems.add([...path, "allowed_failures", level], text, { from: groundsOf(path) });
  }
  const counts = [...drives.values()];
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (least === most) return;
  const text = `the controllers of this pool have from ${least} to ${most} drives; the ` +
    "tolerance is computed as if a parity group spread evenly over them";
  problems.warn([...path, "disks"], text, { from: groundsOf(path) });
}

/** What the number of a pool's drives and units depends on. */
function groundsOf(path: Path): readonly Path[] {
  const own = ["disks", "data_units", "parity_units", "spare_units"].map((key) => [...path, key]);
  return [...own, ...DISK_GROUNDS];
}
