/**
 * Hare's units. Who runs as whom, and why, is in docs/units.md.
 *
 * @module
 */

import { OPTIONS_VARIABLE } from "../agent/consul_env.ts";
import {
  CONSUL_CONFIG_DIRECTORY,
  CONSUL_ENV_FILE,
  CONSUL_UNIT,
  HARE_PROGRAM,
  HAX_ENV_FILE,
  HAX_OPTIONS,
  HAX_SOCKET,
  HAX_UNIT,
  HAX_USER,
  RC_UNIT,
  RUN_DIRECTORY,
  SERVICE_USER,
} from "../host/places.ts";

/** Units restart without a limit. */
const NO_START_LIMIT = "StartLimitIntervalSec=0";

/**
 * The delay before a start grows with the number of automatic starts in the last minutes. `hare
 * restart-delay` waits, and stores the times in a directory that persists across restarts.
 * systemd's own growing delay (RestartSteps=) needs version 254, and does not return to the first
 * step even after a daemon has run for long.
 */
function restartDelay(directory: string, prefixes = "-"): string {
  return `ExecStartPre=${prefixes}${HARE_PROGRAM} restart-delay --unit %n --directory ${directory}`;
}

/** The daemon's own directory for files that last until the next boot. */
function runtimeDirectory(name: string): string {
  return `\
RuntimeDirectory=hare/${name}
RuntimeDirectoryMode=0750
RuntimeDirectoryPreserve=yes`;
}

/** What none of them needs. Nothing outside their own directories can be written. */
const HARDENING = `\
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
UMask=0027`;

/** Where Mero's servers want more than all processors, who watches over them still has its turn. */
const PRIORITY = "CPUWeight=1000";

/** Restrictions for daemons that neither open devices nor inspect processes. */
const UNPRIVILEGED = `\
User=${SERVICE_USER}
Group=${SERVICE_USER}
PrivateDevices=yes
ProtectProc=invisible`;

/**
 * Hare's own daemons say when they are ready, which takes as long as Consul takes to have a leader:
 * a unit that waits for one is started in its time, when one is there.
 */
const READINESS = `\
Type=notify
NotifyAccess=main
TimeoutStartSec=infinity
WatchdogSec=30
Restart=on-failure
RestartSec=1
TimeoutStopSec=30`;

/**
 * Its restart delay is a step of root's (`+`) with a file in a directory of root's: the compiled Hare
 * does not run with MemoryDenyWriteExecute=.
 *
 * Type=exec: Consul says READY=1 when it has joined another agent. A lone server never has, and the
 * first one of a cluster to boot would not count as started until a second one comes.
 *
 * Consul ends with status 1 also when it is told to stop. So that is no failure; and as no other
 * status tells one from the other, it is started again whatever its status was.
 */
const CONSUL = `\
[Unit]
Description=Consul agent of Hare
Wants=network-online.target
After=network-online.target
${NO_START_LIMIT}

[Service]
Type=exec
${runtimeDirectory("consul")}
${restartDelay(RUN_DIRECTORY, "-+")}
Environment=${OPTIONS_VARIABLE}=
EnvironmentFile=-${CONSUL_ENV_FILE}
ExecStart=consul agent -config-dir=${CONSUL_CONFIG_DIRECTORY} $${OPTIONS_VARIABLE}
ExecReload=/bin/kill -HUP $MAINPID
SuccessExitStatus=1
Restart=always
RestartSec=1
TimeoutStopSec=30
StateDirectory=hare/consul
StateDirectoryMode=0750
LimitNOFILE=65536
${PRIORITY}
MemoryDenyWriteExecute=yes
${UNPRIVILEGED}
${HARDENING}

[Install]
WantedBy=multi-user.target
`;

const RC = `\
[Unit]
Description=Recovery coordinator of Hare
Wants=${CONSUL_UNIT}.service
After=${CONSUL_UNIT}.service
${NO_START_LIMIT}

[Service]
${runtimeDirectory("rc")}
${restartDelay(`${RUN_DIRECTORY}/rc`)}
ExecStart=${HARE_PROGRAM} rc
${READINESS}
${PRIORITY}
${UNPRIVILEGED}
${HARDENING}

[Install]
WantedBy=multi-user.target
`;

/**
 * To stop, the HA link's library takes 5 s for each process that died; RDMA wants locked memory.
 *
 * The socket lies in the directory that systemd makes for hax's user. The link to it is made by root
 * (`+`), as the directory above is root's.
 */
const HAX = `\
[Unit]
Description=Hare's side of this node's Mero processes
Wants=${CONSUL_UNIT}.service
After=${CONSUL_UNIT}.service
${NO_START_LIMIT}

[Service]
User=${HAX_USER}
Group=${SERVICE_USER}
Environment=${HAX_OPTIONS}=
EnvironmentFile=-${HAX_ENV_FILE}
${runtimeDirectory("hax")}
${restartDelay(`${RUN_DIRECTORY}/hax`)}
ExecStartPre=+/bin/ln -sfn hax/hax.sock ${HAX_SOCKET}
ExecStart=${HARE_PROGRAM} hax --socket ${RUN_DIRECTORY}/hax/hax.sock --prune-traces %S/hare/hax $${HAX_OPTIONS}
${READINESS}
TimeoutStopSec=90
${PRIORITY}
LimitMEMLOCK=infinity
LimitNOFILE=65536
StateDirectory=hare/hax
StateDirectoryMode=0750
WorkingDirectory=%S/hare/hax
${HARDENING}

[Install]
WantedBy=multi-user.target
`;

/** The text of each unit, by the unit's name. */
export const UNITS: Readonly<Record<string, string>> = {
  [CONSUL_UNIT]: CONSUL,
  [RC_UNIT]: RC,
  [HAX_UNIT]: HAX,
};
