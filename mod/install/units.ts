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
  HAX_UNIT,
  RC_UNIT,
  SERVICE_USER,
} from "../host/places.ts";

/** Whatever ends is started again, until it has ended five times within a minute. */
const START_LIMIT = `\
StartLimitIntervalSec=60
StartLimitBurst=5`;

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

/** What a daemon without a right of root's does not need either. */
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
${START_LIMIT}

[Service]
Type=exec
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
${START_LIMIT}

[Service]
ExecStart=${HARE_PROGRAM} rc
RuntimeDirectory=hare/rc
RuntimeDirectoryMode=0750
RuntimeDirectoryPreserve=yes
${READINESS}
${PRIORITY}
${UNPRIVILEGED}
${HARDENING}

[Install]
WantedBy=multi-user.target
`;

/**
 * To stop, the HA link's library takes 5 s for each process that died; RDMA wants locked memory. Each
 * start leaves a trace of the library, 16 MB: the last two are for support.
 */
const HAX = `\
[Unit]
Description=Hare's side of this node's Mero processes
Wants=${CONSUL_UNIT}.service
After=${CONSUL_UNIT}.service
${START_LIMIT}

[Service]
Environment=${HAX_OPTIONS}=
EnvironmentFile=-${HAX_ENV_FILE}
ExecStartPre=-sh -c "ls -t m0trace.* 2>/dev/null | tail -n +3 | xargs -r rm"
ExecStart=${HARE_PROGRAM} hax $${HAX_OPTIONS}
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
