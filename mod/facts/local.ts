/**
 * Facts of this host.
 *
 * @module
 */

import type { FactsRequest, HostFacts } from "../../cfgen/mod.ts";
import { HareError } from "../lib/errors.ts";
import { disksOf } from "./disks.ts";
import { FactsError, problemsOf } from "./errors.ts";
import { addressOf } from "./network.ts";
import type { LocalDeps } from "./system.ts";

/**
 * The facts of this host, as cfgen wants them.
 *
 * @throws {FactsError} with everything that is missing, not the first thing only
 */
export async function factsOfThisHost(
  request: Pick<FactsRequest, "iface" | "globs">,
  deps: LocalDeps,
): Promise<HostFacts> {
  const system = deps.system ?? Deno;
  const [processors, address, disks] = await Promise.allSettled([
    countProcessors(deps),
    addressOf(request.iface, deps),
    disksOf(request.globs, deps),
  ]);
  deps.signal?.throwIfAborted();
  if (
    processors.status === "fulfilled" && address.status === "fulfilled" &&
    disks.status === "fulfilled"
  ) {
    const { iface, ipaddress, macaddress } = address.value;
    return {
      facts: {
        hostname: system.hostname(),
        processorcount: processors.value,
        memorysize_mb: Math.floor(system.systemMemoryInfo().total / 2 ** 20),
        ...(request.iface === undefined ? { ipaddress } : { [`ipaddress_${iface}`]: ipaddress }),
        macaddress,
      },
      disks: disks.value,
    };
  }
  throw new FactsError(
    [processors, address, disks]
      .flatMap((one) => one.status === "rejected" ? problemsOf(one.reason) : []),
    "facts that are missing",
  );
}

/** Processors that are on, whatever part of them this process may use. */
async function countProcessors(deps: LocalDeps): Promise<number> {
  const { stdout } = await deps.run(["getconf", "_NPROCESSORS_ONLN"], { signal: deps.signal });
  const count = Number(stdout.trim());
  if (Number.isInteger(count) && count > 0) return count;
  throw new HareError(`getconf says that there are ${JSON.stringify(stdout)} processors`);
}
