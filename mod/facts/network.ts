/**
 * The network address by which the cluster knows this host.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { LocalDeps } from "./system.ts";

/** An interface with its first IPv4 address. */
export interface Address {
  readonly iface: string;
  readonly ipaddress: string;
  readonly macaddress: string;
}

/**
 * The first IPv4 address of `iface`, or of the default route's interface when none is named.
 *
 * @throws {HareError} when there is none; the message names those that there are
 */
export async function addressOf(iface: string | undefined, deps: LocalDeps): Promise<Address> {
  const all = (deps.system ?? Deno).networkInterfaces();
  const name = iface ?? await defaultRouteInterface(deps);
  const found = all.find((one) => one.name === name && one.family === "IPv4");
  if (found !== undefined) {
    return { iface: name, ipaddress: found.address, macaddress: found.mac };
  }
  const exists = all.some((one) => one.name === name);
  const others = all
    .filter((one) => one.family === "IPv4")
    .map((one) => `${one.name} ${one.address}`)
    .join(", ");
  throw new HareError(
    exists
      ? `interface ${name} has no IPv4 address; there are: ${others}`
      : `no interface ${name} with an address; there are: ${others}`,
  );
}

const RTF_UP = 1;

/** From the kernel's table of IPv4 routes: the interface of the default route of least metric. */
async function defaultRouteInterface(deps: LocalDeps): Promise<string> {
  const { stdout } = await deps.run(["cat", "/proc/net/route"], { signal: deps.signal });
  const routes = stdout.trimEnd().split("\n").slice(1).map((line) => {
    const [iface = "", destination, , flags = "", , , metric, mask] = line.trim().split(/\s+/);
    return {
      iface,
      metric: Number(metric),
      isDefault: destination === "00000000" && mask === "00000000",
      isUp: (parseInt(flags, 16) & RTF_UP) !== 0,
    };
  });
  const [best] = routes
    .filter((route) => route.isDefault && route.isUp && route.iface !== "*")
    .toSorted((one, other) => one.metric - other.metric);
  if (best !== undefined) return best.iface;
  throw new HareError("no IPv4 default route, so the interface must be named", {
    hint: "data_iface in the CDF, --iface of hare facts",
  });
}
