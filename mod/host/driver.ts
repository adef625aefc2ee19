/**
 * The way to a host of the CDF: none where it is this host, ssh to all others.
 *
 * @module
 */

import type { Run } from "../lib/process.ts";
import { isThisHost } from "./local.ts";
import type { SshConnections } from "./ssh_connections.ts";
import { SystemdHost } from "./systemd.ts";

/** What {@linkcode driverOf} chooses between. */
export interface DriverWorld {
  /** This machine's name, as the system gives it. */
  readonly hostname: string;
  /** Runs a program here. */
  readonly run: Run;
  readonly connections: SshConnections;
}

/**
 * The driver of a real host.
 *
 * @param destination `[user@]hostname`, as in the CDF
 * @throws {HareError} when `destination` could be anything but a user and a host name
 */
export function driverOf(destination: string, world: DriverWorld): SystemdHost {
  const name = destination.slice(destination.lastIndexOf("@") + 1);
  if (isThisHost(destination, world.hostname)) return new SystemdHost({ name, run: world.run });
  const { run, watch } = world.connections.to(destination);
  return new SystemdHost({ name, run, watch });
}
