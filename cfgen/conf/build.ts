/**
 * Builds the configuration of a cluster: all its objects, in the order of creation that cfgen.md
 * gives.
 *
 * @module
 */

import { unitsOf } from "../cdf/units.ts";
import type { CdfPool } from "../cdf/schema.ts";
import type { Inventory } from "../inventory.ts";
import type { Tolerance } from "../layout.ts";
import type { Target, Transport } from "../target.ts";
import { type AddSdev, buildHost, type HostObjects } from "./hosts.ts";
import { Ledger } from "./ledger.ts";
import type { ConfObject, Profile, Rack, Root, Sdev, Site } from "./objects.ts";
import { buildDixPool, buildMetadataPool, buildPool, type PoolObjects } from "./pools.ts";
import { computedTolerance } from "./tolerance.ts";

/** A cluster's configuration. */
export interface Conf {
  /** All objects, each at the index of its key. */
  readonly objects: readonly ConfObject[];
  readonly root: Root;
  readonly profile: Profile;
  /** Objects of the hosts, in the order of the CDF. */
  readonly hosts: readonly HostObjects[];
  /** Objects of the CDF's pools, in its order. */
  readonly pools: readonly (PoolObjects & { readonly cdf: CdfPool })[];
}

/** Builds the configuration of a cluster without problems. */
export function buildConf(
  inventory: Inventory,
  { target, transport }: { readonly target: Target; readonly transport: Transport },
): Conf {
  const ledger = new Ledger();
  let sdevs = 0;
  const addSdev: AddSdev = ({ path, size, blksize }) =>
    ledger.add((key): Sdev => ({ type: "sdev", key, index: sdevs++, path, size, blksize }));

  const site = ledger.add((key): Site => ({ type: "site", key, racks: [], pvers: [] }));
  const rack = ledger.add((key): Rack => ({ type: "rack", key, site, enclosures: [], pvers: [] }));
  site.racks.push(rack);
  const hosts = inventory.hosts.map((host) =>
    buildHost(host, ledger, { transport, rack, addSdev })
  );
  const profile = ledger.add((key): Profile => ({ type: "profile", key, pools: [] }));

  // At the index of their disk in the inventory.
  const drives = hosts.flatMap((host) => host.servers.flatMap((server) => server.drives));
  const pools = inventory.pools.map(({ cdf, disks }) => {
    const chosen = disks.flatMap(({ index }) => drives[index] ?? []);
    const controllers = new Set(chosen.map((drive) => drive.controller)).size;
    const { data, parity, spare } = unitsOf(cdf);
    const tolerance = toleranceOf(cdf, controllers);
    const layout = { dataUnits: data, parityUnits: parity, spareUnits: spare, tolerance };
    return { cdf, ...buildPool(chosen, layout, ledger) };
  });
  const metadata = buildMetadataPool(pools[0]?.drives ?? [], ledger);
  const cas = hosts.flatMap((host) => host.cas);
  const dix = cas.length === 0 ? undefined : buildDixPool(cas, ledger, addSdev);

  const all = [...pools, metadata, ...dix === undefined ? [] : [dix]].map(({ pool }) => pool);
  profile.pools.push(...all);
  const [root, objects] = ledger.close((key): Root => ({
    type: "root",
    key,
    mdpool: metadata.pool,
    imetaPver: dix?.pver ?? null,
    mdRedundancy: target.conf.mdRedundancy(rack.enclosures.length),
    nodes: hosts.map(({ node }) => node),
    sites: [site],
    pools: all,
    profiles: [profile],
  }));
  return { objects, root, profile, hosts, pools };
}

/** As the CDF allows, or as computed. */
function toleranceOf(pool: CdfPool, controllers: number): Tolerance {
  const allowed = pool.allowed_failures;
  if (allowed) {
    const { site, rack, encl, ctrl, disk } = allowed;
    return [site ?? 0, rack ?? 0, encl ?? 0, ctrl ?? 0, disk ?? 0];
  }
  const { parity, total } = unitsOf(pool);
  return computedTolerance({ units: total, parityUnits: parity, controllers });
}
