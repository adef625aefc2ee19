/**
 * The objects of pools and pool versions (spec: cfgen.md, Order of creation, 4 to 6).
 *
 * @module
 */

import type { Tolerance } from "../layout.ts";
import type { AddSdev, CasOnController } from "./hosts.ts";
import { addDrive } from "./hosts.ts";
import type { Ledger } from "./ledger.ts";
import { type Drive, type Hardware, type Objv, parentOf, type Pool, type Pver } from "./objects.ts";

/** A pool and its only version. */
export interface PoolObjects {
  readonly pool: Pool;
  readonly pver: Pver;
  readonly drives: readonly Drive[];
}

/** What a pool version is made from. */
export interface Layout extends Pick<Pver, "dataUnits" | "parityUnits" | "spareUnits"> {
  readonly tolerance: Tolerance;
}

/** Makes a pool of `drives`: the pool, its version, and that version's view of the hardware. */
export function buildPool(drives: readonly Drive[], layout: Layout, ledger: Ledger): PoolObjects {
  const pool = ledger.add((key): Pool => ({ type: "pool", key, pvers: [] }));
  const pver = ledger.add((key): Pver => ({
    type: "pver",
    key,
    dataUnits: layout.dataUnits,
    parityUnits: layout.parityUnits,
    spareUnits: layout.spareUnits,
    width: drives.length,
    tolerance: layout.tolerance,
    sites: [],
  }));
  pool.pvers.push(pver);
  const views = new Map<Hardware, Objv>();
  for (const drive of drives) {
    // From the drive up, until something that this version has already.
    let child: Objv | undefined;
    let real: Hardware | undefined = drive;
    while (real !== undefined) {
      const known = views.get(real);
      if (known !== undefined) {
        if (child !== undefined) known.children.push(child);
        break;
      }
      const view = addObjv(real, child, pver, ledger);
      views.set(real, view);
      child = view;
      real = parentOf(real);
      if (real === undefined) pver.sites.push(view);
    }
  }
  return { pool, pver, drives };
}

function addObjv(real: Hardware, child: Objv | undefined, pver: Pver, ledger: Ledger): Objv {
  real.pvers.push(pver);
  const children = child === undefined ? [] : [child];
  return ledger.add((key): Objv => ({ type: "objv", key, real, children }));
}

/** One controller may fail; set for the two pools that Mero needs for itself. */
const ONE_CONTROLLER: Tolerance = [0, 0, 0, 1, 0];

/** The metadata pool: the first drive of each controller among `drives`. */
export function buildMetadataPool(drives: readonly Drive[], ledger: Ledger): PoolObjects {
  const firsts = new Map(drives.toReversed().map((drive) => [drive.controller, drive]));
  const chosen = drives.filter((drive) => firsts.get(drive.controller) === drive);
  return buildPool(chosen, {
    dataUnits: chosen.length,
    parityUnits: 0,
    spareUnits: 0,
    tolerance: ONE_CONTROLLER,
  }, ledger);
}

/** The pool for distributed indices: a device without storage for each CAS service. */
export function buildDixPool(
  cas: readonly CasOnController[],
  ledger: Ledger,
  addSdev: AddSdev,
): PoolObjects {
  const drives = cas.map(({ service, controller }) => {
    const sdev = addSdev({ path: "/dev/null", size: 1024, blksize: 1 });
    return addDrive(sdev, service, controller, ledger);
  });
  return buildPool(drives, {
    dataUnits: 1,
    parityUnits: 0,
    spareUnits: 0,
    tolerance: ONE_CONTROLLER,
  }, ledger);
}
