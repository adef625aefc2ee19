/**
 * What is to be on a host.
 *
 * @module
 */

import {
  CONFIGURATION_DIRECTORY,
  CONSUL_CONFIG_DIRECTORY,
  HARE_PROGRAM,
  HAX_USER,
  LOG_DIRECTORY,
  SERVICE_USER,
  STATE_DIRECTORY,
} from "../host/places.ts";
import { sha256Of } from "../lib/sha256.ts";
import { UNITS } from "./units.ts";

/** A directory as it is to be. */
export interface WantedDirectory {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** `user:group`. */
  readonly owner: string;
}

/** A file as it is to be; it belongs to root. */
export interface WantedFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Checksum of its content, in hexadecimal. */
  readonly sha256: string;
  /** Its content, as often as it is asked for. */
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
}

/** All that is to be on a host. */
export interface Payload {
  /** What the program's `--version` prints. */
  readonly version: string;
  /** Those above others first. */
  readonly directories: readonly WantedDirectory[];
  /** The file that defines the users; they must exist before the directories are made. */
  readonly userFile: WantedFile;
  readonly program: WantedFile;
  readonly units: readonly WantedFile[];
}

/** The program that is installed: this one. */
export interface OwnProgram {
  /** What its `--version` prints. */
  readonly version: string;
  readonly sha256: string;
  readonly open: WantedFile["open"];
}

/** Directory of units that packages bring. */
const UNIT_DIRECTORY = "/usr/lib/systemd/system";

/** Directory from which systemd-sysusers reads the users to create. */
export const USER_FILE = "/usr/lib/sysusers.d/hare.conf";
const USER_TEXT = `\
# Runs Consul and the recovery coordinator; its group may read /etc/hare and report to hax.
u ${SERVICE_USER} - "Hare" ${STATE_DIRECTORY}
# Runs hax.
u ${HAX_USER} - "Hare, beside Mero" ${STATE_DIRECTORY}/hax
`;

/**
 * The directories. Files in /etc/hare may hold a token: new ones have the group of the directory,
 * which may read them, and others may not.
 */
const DIRECTORIES: readonly WantedDirectory[] = [
  { path: STATE_DIRECTORY, mode: 0o755, owner: "root:root" },
  { path: LOG_DIRECTORY, mode: 0o750, owner: "root:root" },
  { path: CONFIGURATION_DIRECTORY, mode: 0o2750, owner: `root:${SERVICE_USER}` },
  { path: CONSUL_CONFIG_DIRECTORY, mode: 0o2750, owner: `root:${SERVICE_USER}` },
];

/** The path of a unit's file. */
export function unitFile(unit: string): string {
  return `${UNIT_DIRECTORY}/${unit}.service`;
}

/** What is to be on every host. */
export async function payloadOf({ version, sha256, open }: OwnProgram): Promise<Payload> {
  return {
    version,
    directories: DIRECTORIES,
    userFile: await textFile(USER_FILE, USER_TEXT),
    program: { path: HARE_PROGRAM, mode: 0o755, sha256, open },
    units: await Promise.all(
      Object.entries(UNITS).map(([unit, text]) => textFile(unitFile(unit), text)),
    ),
  };
}

async function textFile(path: string, text: string): Promise<WantedFile> {
  const open = () => Promise.resolve(new Blob([text]).stream());
  return { path, mode: 0o644, sha256: await sha256Of(text), open };
}
