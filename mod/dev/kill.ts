/**
 * `hare dev kill`: pulls the plug on a host, or on one of its services.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { CONSUL_UNIT, HAX_UNIT, RC_UNIT } from "../host/places.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { waitFor } from "../lib/wait_for.ts";
import { type DevWorld, unitsOf } from "./cluster.ts";
import { findProcesses, type MarkedProcess, sendSignal } from "./processes.ts";
import type { DevState } from "./state.ts";

/** Short names of the units that every host may have. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  consul: CONSUL_UNIT,
  hax: HAX_UNIT,
  rc: RC_UNIT,
};

/** What can be killed in a cluster: `HOST`, `HOST/consul`, `HOST/hax`, `HOST/rc`, and fids. */
export function victimsOf(state: DevState): readonly string[] {
  return state.hosts.flatMap((host) => [
    host.name,
    ...Object.entries(SHORT_NAMES)
      .filter(([, unit]) => unitsOf(host, TARGETS[state.target]).includes(unit))
      .map(([short]) => `${host.name}/${short}`),
    ...host.servers,
  ]);
}

/**
 * Kills with SIGKILL what `victim` names, and waits until it is gone.
 *
 * @param victim one of {@linkcode victimsOf}
 * @returns how many processes it killed
 * @throws {UsageError} when the cluster has no such thing
 * @throws {HareError} when it does not run
 */
export async function kill(
  victim: string,
  state: DevState,
  world: Pick<DevWorld, "run" | "clock">,
  signal: AbortSignal,
): Promise<number> {
  if (!victimsOf(state).includes(victim)) {
    throw new UsageError(`this cluster has no ${JSON.stringify(victim)}`, {
      hint: `one of ${victimsOf(state).join(", ")}`,
    });
  }
  const isMeant = meantBy(victim, state);
  const find = async () => (await findProcesses(state, world.run, signal)).filter(isMeant);
  const found = await find();
  if (found.length === 0) throw new HareError(`${victim} does not run`);
  for (const { pid } of found) sendSignal(pid, "SIGKILL");
  await waitFor(`${victim} to end`, async () => {
    const left = await find();
    return left.length === 0
      ? { ready: true, value: undefined }
      : { ready: false, why: `${left.length} processes are still there` };
  }, { limitMs: 10_000, intervalMs: 20, clock: world.clock, signal });
  return found.length;
}

/**
 * Programs only: a keeper ends with its program, once it has noted how.
 */
function meantBy(victim: string, state: DevState): (marked: MarkedProcess) => boolean {
  const [host, short] = victim.split("/");
  const unit = short === undefined
    ? TARGETS[state.target].units.server(victim)
    : SHORT_NAMES[short] ?? "";
  const isHost = state.hosts.some(({ name }) => name === victim);
  return (process) =>
    process.role === "main" &&
    (isHost
      ? process.host === victim
      : process.unit === unit && (short === undefined || process.host === host));
}
