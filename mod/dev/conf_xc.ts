/**
 * Reads `confd.xc` as far as the stand-in m0d needs it: what a process is to be and which disks it
 * serves. The file has one object a line (spec: cfgen.md, Output files).
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";

/** What the configuration says of one process. */
export interface ConfiguredProcess {
  readonly endpoint: string;
  /** Its service types, `M0_CST_IOS`. */
  readonly services: readonly string[];
  /** The disks of its io service; sizes in bytes. */
  readonly disks: readonly { readonly path: string; readonly size: number }[];
}

/** The configuration does not say what a server must know. */
export class ConfXcError extends HareError {
  override readonly name = "ConfXcError";
}

// Keys and other numbers are decimal below 100, else hexadecimal.
const PROCESS = /^ \{0x72\| \(\(\^r\|1:(\w+)\), .*, ("(?:[^"\\]|\\.)*"), (\[[^\]]*\])\)\}/;
const SERVICE = /^ \{0x73\| \(\(\^s\|1:(\w+)\), @(\w+), .*, (\[[^\]]*\])\)\}/;
const SDEV = /^ \{0x64\| \(\(\^d\|1:(\w+)\), (?:\w+, ){4}(\w+), .*, ("(?:[^"\\]|\\.)*")\)\}/;

/**
 * What `confd.xc` says of the process with this fid key.
 *
 * @throws {ConfXcError} when it does not know the process, or is no such file
 */
export function readConfiguredProcess(text: string, fidk: bigint): ConfiguredProcess {
  const lines = text.split("\n");
  if (!/^\[\d+:$/.test(lines[0] ?? "")) throw new ConfXcError("this is no confd.xc");
  const process = lines.flatMap((line) => {
    const [, key, endpoint, services] = PROCESS.exec(line) ?? [];
    return key !== undefined && BigInt(key) === fidk ? [{ endpoint, services }] : [];
  })[0];
  if (process === undefined) throw new ConfXcError(`confd.xc knows no process with key ${fidk}`);
  const ownServices = keysOf(process.services, "s");
  const services = lines.flatMap((line) => {
    const [, key, type, sdevs] = SERVICE.exec(line) ?? [];
    return key !== undefined && type !== undefined && ownServices.has(BigInt(key))
      ? [{ type, sdevs }]
      : [];
  });
  const ios = services.find(({ type }) => type === "M0_CST_IOS");
  const ownSdevs = keysOf(ios?.sdevs, "d");
  const disks = lines.flatMap((line) => {
    const [, key, size, path] = SDEV.exec(line) ?? [];
    return key !== undefined && ownSdevs.has(BigInt(key))
      ? [{ path: textOf(path), size: Number(size) }]
      : [];
  });
  if (services.length !== ownServices.size || disks.length !== ownSdevs.size) {
    throw new ConfXcError(`confd.xc names services or disks of process ${fidk} that it lacks`);
  }
  return { endpoint: textOf(process.endpoint), services: services.map(({ type }) => type), disks };
}

/** Keys in a list of fids, `[2: ^s|1:7, ^s|1:0x64]`. */
function keysOf(list: string | undefined, letter: string): ReadonlySet<bigint> {
  const fids = (list ?? "").matchAll(/\^(\w)\|1:(\w+)/g);
  return new Set([...fids].flatMap(([, l, key]) => l === letter && key ? [BigInt(key)] : []));
}

/** Text as it is written there: escapes are those of JSON. */
function textOf(quoted: string | undefined): string {
  return JSON.parse(quoted ?? '""');
}
