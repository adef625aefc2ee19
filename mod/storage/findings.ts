/**
 * Reasons not to format a process's storage, from the inspections of the cluster's hosts. Pure.
 *
 * @module
 */

import { formatSize } from "../lib/size.ts";
import type { DeviceInspection, StorageAnswer } from "./protocol.ts";

/** A reason not to format. */
export interface Finding {
  /**
   * - `in-use`: the device is in use now.
   * - `twice`: the same device belongs to the cluster under another name, too.
   * - `shared`: the device looks like another device of the cluster.
   * - `foreign`: the host has data of another process, and the disks of that process are unknown.
   * - `signature`: a tool recognizes the content.
   * - `data`: the storage has files, or bytes that are not zero.
   * - `unproven`: no data was found, but that does not prove that there is none.
   */
  readonly kind: "in-use" | "twice" | "shared" | "foreign" | "signature" | "data" | "unproven";
  /** Path of the device or directory. */
  readonly place: string;
  /** Text for people, with the place. */
  readonly text: string;
}

/** Findings that consent does not override. */
export const FORBIDDEN: ReadonlySet<Finding["kind"]> = new Set(["in-use", "twice"]);

/** A device of a host. */
export interface PlacedDevice {
  readonly host: string;
  readonly device: DeviceInspection;
}

/** The storage of one process, and its surroundings. */
export interface StorageView {
  readonly host: string;
  /** The process's own data directory. */
  readonly directory: string;
  /** The process's own devices. */
  readonly devices: readonly DeviceInspection[];
  /** All known devices of the cluster, including the process's own. */
  readonly known: readonly PlacedDevice[];
  readonly filledDirectories: StorageAnswer["filledDirectories"];
  /** Data directories on this host that the cluster has formatted, or begun to format. */
  readonly knownDirectories: ReadonlySet<string>;
}

/** All reasons not to format, the most serious first. */
export function findingsOf(view: StorageView): readonly Finding[] {
  const findings = [
    ...view.devices.flatMap((device) => [
      ...device.uses.map((use) => of("in-use", device, use)),
      ...sameAs(device, view),
      ...contentOf(device),
    ]),
    ...directoriesIn(view),
  ];
  return findings.toSorted((a, b) => Number(FORBIDDEN.has(b.kind)) - Number(FORBIDDEN.has(a.kind)));
}

function of(kind: Finding["kind"], { path }: DeviceInspection, what: string): Finding {
  return { kind, place: path, text: `${path}: ${what}` };
}

function contentOf(device: DeviceInspection): readonly Finding[] {
  const { signatures, dataAt, problems } = device;
  if (signatures.length > 0) return signatures.map((name) => of("signature", device, name));
  if (dataAt !== null) return [of("data", device, `data at byte ${dataAt}`)];
  return problems.map((why) => of("unproven", device, `it may hold data: ${why}`));
}

/** Other devices of the cluster that are the same device, or look like it. */
function sameAs(device: DeviceInspection, { host, known }: StorageView): readonly Finding[] {
  return known.flatMap((other): readonly Finding[] => {
    const isHere = other.host === host;
    if (isHere && other.device.path === device.path) return [];
    const name = isHere ? other.device.path : `${other.device.path} of ${other.host}`;
    if (isHere && isSameStorage(device, other.device)) {
      return [of("twice", device, `it is the same as ${name}`)];
    }
    if (isHere && isPartOf(device, other.device)) {
      return [of("twice", device, `one is a part of the other: ${name}`)];
    }
    if (!isSameName(device, other.device)) return [];
    const isCertain = isHere && device.wwn !== "" && device.wwn === other.device.wwn;
    return [
      isCertain
        ? of("twice", device, `it is the same as ${name}: both are ${device.wwn}`)
        : of("shared", device, `it may be the same as ${name}: both are ${nameOf(device)}`),
    ];
  });
}

/** Compares the kernel's numbers, which are valid on one host only. */
function isSameStorage(a: DeviceInspection, b: DeviceInspection): boolean {
  return a.number !== "" && a.number === b.number;
}

function isPartOf(a: DeviceInspection, b: DeviceInspection): boolean {
  return a.parts.includes(b.number) || b.parts.includes(a.number);
}

/** Compares the names that the manufacturer gave the devices; they are valid on all hosts. */
function isSameName(a: DeviceInspection, b: DeviceInspection): boolean {
  if (a.wwn !== "" && b.wwn !== "") return a.wwn === b.wwn;
  return a.serial !== "" && a.serial === b.serial && a.size === b.size;
}

function nameOf({ wwn, serial }: DeviceInspection): string {
  return wwn === "" ? serial : wwn;
}

function directoriesIn(
  { directory, filledDirectories, knownDirectories }: StorageView,
): readonly Finding[] {
  if ("problem" in filledDirectories) {
    return [{ kind: "unproven", place: directory, text: filledDirectories.problem }];
  }
  return filledDirectories.value.flatMap((place): readonly Finding[] => {
    if (place === directory) return [{ kind: "data", place, text: `${place}: it holds files` }];
    if (knownDirectories.has(place)) return [];
    return [{ kind: "foreign", place, text: `${place}: data of another process` }];
  });
}

/** A device in one line: its path, size, model and content. */
export function describeDevice(device: DeviceInspection): string {
  const { path, kind, size, model, uses, signatures, dataAt, problems } = device;
  const what = kind === "missing" ? [] : [formatSize(size), ...(model === "" ? [] : [model])];
  const content = signatures.length > 0
    ? signatures
    : dataAt !== null
    ? [`data at byte ${dataAt}`]
    : problems.length > 0
    ? problems.map((why) => `not proven blank: ${why}`)
    : ["blank"];
  return [path, ...what, ...uses, ...content].join(", ");
}
