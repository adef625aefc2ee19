/**
 * The two targets, and ALL in which they differ (spec: README.md, Two targets; motr.md). Everything
 * else is written against this one record.
 *
 * @module
 */

/** Names of the targets. */
export const TARGET_NAMES = ["mero", "motr"] as const;

/** Mero of 2019, or Motr, its later name. */
export type TargetName = (typeof TARGET_NAMES)[number];

/** What a Mero process is in the cluster. One that runs both confd and ios is a `confd`. */
export type Role = "hax" | "confd" | "ios" | "client";

/** How the endpoints of one transport are made. */
export interface Transport {
  /**
   * The numbers of a role's endpoints: they count from `first` to `last` for each address, in
   * common for the roles with the same `portal`.
   */
  readonly numbers: Readonly<Record<Role, EndpointNumbers>>;
  /** The endpoint's text. */
  readonly format: (ip: string, portal: number, number: number) => string;
}

/** Range of an endpoint's numbers. */
export interface EndpointNumbers {
  readonly portal: number;
  readonly first: number;
  readonly last: number;
}

/** Name of a transport, as in the CDF's `transport`. */
export type TransportName = "lnet" | "libfab";

/** One target. */
export interface Target {
  readonly name: TargetName;
  /** Names of systemd units. */
  readonly units: {
    readonly kernel: string;
    readonly mkfs: (fid: string) => string;
    readonly server: (fid: string) => string;
  };
  /** Path of the file with a process's variables. */
  readonly processFile: (fid: string) => string;
  /** What the variables in that file begin with, without the underscore. */
  readonly variablePrefix: "MERO" | "MOTR";
  /**
   * That file also has the data directory and the node's UUID: Motr's scripts read both, and its mkfs
   * finds the UUID nowhere else on a host without Motr's kernel module.
   */
  readonly processFileHasPlace: boolean;
  /** Where confd reads the configuration. */
  readonly confdFile: string;
  /** Where the servers keep their data. */
  readonly dataDirectory: string;
  /** The transports a CDF may ask for; the first is the default. */
  readonly transports: Readonly<Partial<Record<TransportName, Transport>>>;
  readonly defaultTransport: TransportName;
  /** Differences of the CDF and of the configuration objects. */
  readonly conf: {
    /** Pools have spare units: `spare_units` in the CDF, `S` in a pver. */
    readonly spareUnits: boolean;
    /** Which object knows the node: the enclosure or the controller. */
    readonly nodeOf: "enclosure" | "controller";
    /** The root's `mdredundancy`, given the number of enclosures, each of which has io services. */
    readonly mdRedundancy: (enclosures: number) => number;
  };
  /** The argument `-e` of a server that listens on `endpoint`. */
  readonly endpointArgument: (endpoint: string) => string;
}

const formatLnet: Transport["format"] = (ip, portal, tmid) => `${ip}@tcp:12345:${portal}:${tmid}`;

const MERO: Target = {
  name: "mero",
  units: {
    kernel: "mero-kernel",
    mkfs: (fid) => `mero-mkfs@${fid}`,
    server: (fid) => `m0d@${fid}`,
  },
  processFile: (fid) => `/etc/sysconfig/m0d-${fid}`,
  variablePrefix: "MERO",
  processFileHasPlace: false,
  confdFile: "/etc/mero/confd.xc",
  dataDirectory: "/var/mero",
  transports: {
    lnet: {
      numbers: {
        hax: { portal: 1, first: 1, last: Infinity },
        confd: { portal: 2, first: 1, last: Infinity },
        ios: { portal: 2, first: 1, last: Infinity },
        client: { portal: 3, first: 1, last: Infinity },
      },
      format: formatLnet,
    },
  },
  defaultTransport: "lnet",
  conf: { spareUnits: false, nodeOf: "controller", mdRedundancy: () => 1 },
  endpointArgument: (endpoint) => `lnet:${endpoint}`,
};

const MOTR: Target = {
  name: "motr",
  units: {
    kernel: "motr-kernel",
    mkfs: (fid) => `motr-mkfs@${fid}`,
    server: (fid) => `m0d@${fid}`,
  },
  processFile: (fid) => `/etc/sysconfig/m0d-${fid}`,
  variablePrefix: "MOTR",
  processFileHasPlace: true,
  confdFile: "/etc/motr/confd.xc",
  dataDirectory: "/var/motr",
  transports: {
    libfab: {
      // Each role has ports of its own, so what would be a portal only keeps the roles apart.
      numbers: {
        hax: { portal: 1, first: 22001, last: 22001 },
        confd: { portal: 2, first: 21001, last: 21001 },
        ios: { portal: 3, first: 21002, last: 22000 },
        client: { portal: 4, first: 22501, last: 65535 },
      },
      format: (ip, _portal, port) => `inet:tcp:${ip}@${port}`,
    },
    lnet: {
      // Motr takes portals 30 to 61 and tmids below 1024.
      numbers: {
        hax: { portal: 31, first: 1, last: 1023 },
        confd: { portal: 32, first: 1, last: 1023 },
        ios: { portal: 32, first: 1, last: 1023 },
        client: { portal: 33, first: 1, last: 1023 },
      },
      format: formatLnet,
    },
  },
  defaultTransport: "libfab",
  conf: { spareUnits: true, nodeOf: "enclosure", mdRedundancy: (enclosures) => enclosures },
  endpointArgument: (endpoint) =>
    endpoint.startsWith("inet:") ? `libfab:${endpoint}` : `lnet:${endpoint}`,
};

/** Both targets, by name. */
export const TARGETS: Readonly<Record<TargetName, Target>> = { mero: MERO, motr: MOTR };
