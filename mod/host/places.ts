/**
 * Where things are on every host, and what Hare's units are called.
 *
 * @module
 */

/** Hare's program, which the units run. */
export const HARE_PROGRAM = "/usr/bin/hare";
/** Generated files in force. */
export const CONFIGURATION_DIRECTORY = "/etc/hare";
/** State of this host, and of its daemons. */
export const STATE_DIRECTORY = "/var/lib/hare";
/** Logs of operations on the cluster; daemons log to the journal. */
export const LOG_DIRECTORY = "/var/log/hare";
/** Directory from which the Consul agent reads its configuration files. */
export const CONSUL_CONFIG_DIRECTORY = "/etc/hare/consul.d";
/** Where the Consul agent keeps its data: they survive a reboot. */
export const CONSUL_DATA_DIRECTORY = "/var/lib/hare/consul";
/** The file with further options of the agent, which `hare consul-env` writes. */
export const CONSUL_ENV_FILE = "/etc/hare/consul-env";
/** A site's own options of `hare hax`: `HARE_HAX_OPTIONS=--libmotr /opt/motr/lib/libmotr.so`. */
export const HAX_ENV_FILE = "/etc/hare/hax-env";
/** The variable in that file. */
export const HAX_OPTIONS = "HARE_HAX_OPTIONS";

/** The Unix socket over which hax takes reports of processes. */
export const HAX_SOCKET = "/run/hare/hax.sock";
/** Parent of the daemons' directories for files that last until the next boot; root owns it. */
export const RUN_DIRECTORY = "/run/hare";

/** The unit of a node's Consul agent. */
export const CONSUL_UNIT = "hare-consul-agent";
/** The unit of hax. */
export const HAX_UNIT = "hare-hax";
/** The unit of the recovery coordinator. */
export const RC_UNIT = "hare-rc";

/** The user of Consul and the RC; all daemons have its group. */
export const SERVICE_USER = "hare";
/** The user of hax. Only hax may open Mero's devices. */
export const HAX_USER = "hare-hax";
/** All users that daemons run as. */
export const USERS = [SERVICE_USER, HAX_USER] as const;
