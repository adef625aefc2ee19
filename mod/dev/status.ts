/**
 * `hare dev status`: the processes of a development cluster, host by host.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import type { UnitStatus } from "../host/host.ts";
import type { Line } from "../lib/lines.ts";
import { tableLines } from "../lib/table.ts";
import { type DevWorld, driverOf, unitsOf } from "./cluster.ts";
import { findProcesses } from "./processes.ts";
import type { DevState } from "./state.ts";

/** One unit of one host. */
export interface DevUnitStatus extends UnitStatus {
  readonly host: string;
  readonly address: string;
  readonly unit: string;
  /** Of its program; `null` when it does not run. */
  readonly pid: number | null;
}

/** All units, in the order of hosts and of their start. */
export async function unitStatuses(
  state: DevState,
  world: DevWorld,
  signal: AbortSignal,
): Promise<readonly DevUnitStatus[]> {
  const processes = await findProcesses(state, world.run, signal);
  const statuses = state.hosts.flatMap((host) => {
    const driver = driverOf(host, state, world);
    return unitsOf(host, TARGETS[state.target]).map(async (unit): Promise<DevUnitStatus> => ({
      host: host.name,
      address: host.address,
      unit,
      ...await driver.unitStatus(unit, { signal }),
      pid: processes.find((p) => p.role === "main" && p.host === host.name && p.unit === unit)
        ?.pid ?? null,
    }));
  });
  return await Promise.all(statuses);
}

/** The table for people. */
export function unitStatusLines(units: readonly DevUnitStatus[]): readonly Line[] {
  return tableLines([
    ["HOST", "ADDRESS", "UNIT", "STATE", "PID"],
    ...units.map(({ host, address, unit, state, why, pid }, i) => [
      ...(units[i - 1]?.host === host ? ["", ""] : [host, address]),
      unit,
      why === "" ? state : `${state} (${why})`,
      pid === null ? "-" : String(pid),
    ]),
  ]);
}
