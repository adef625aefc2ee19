/**
 * The phases of a bring-up that every driver shares, in their order (spec: bootstrap.md).
 *
 * @module
 */

import type { Cluster, ClusterHost } from "../cluster.ts";
import type { Phase } from "../engine.ts";
import { startConsulClients, startConsulServers } from "./consul.ts";
import { finalCheck } from "./final_check.ts";
import { forgetStates } from "./forget.ts";
import { generate } from "./generate.ts";
import { startHax } from "./hax.ts";
import { importKv } from "./import_kv.ts";
import { startConfds, startIoServers } from "./mero.ts";
import { startRc } from "./rc.ts";
import { registerServices } from "./register.ts";

/** Phases 2 to 11; the first, the check of every host, is the driver's own. */
export function phasesOf(cluster: Cluster): readonly Phase<ClusterHost>[] {
  return [
    generate,
    startConsulServers,
    importKv,
    startConsulClients,
    registerServices,
    startHax,
    startRc,
    startConfds,
    startIoServers,
    finalCheck,
  ].map((make) => make(cluster));
}

/** The phases that start a cluster again that was shut down: nothing is made anew. */
export function startPhasesOf(cluster: Cluster): readonly Phase<ClusterHost>[] {
  return [
    startConsulServers,
    startConsulClients,
    forgetStates,
    startHax,
    startRc,
    startConfds,
    startIoServers,
    finalCheck,
  ].map((make) => make(cluster));
}
