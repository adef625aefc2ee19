/**
 * A host's facts for people.
 *
 * @module
 */

import type { DiskFacts, HostFacts } from "../../cfgen/mod.ts";
import type { Line } from "../lib/lines.ts";
import { formatBytes } from "../lib/std/fmt.ts";
import { tableLines } from "../lib/table.ts";

/** Facts as a table, and one of the disks of each glob. */
export function factsLines({ facts, disks }: HostFacts): readonly Line[] {
  const rows = [
    ["host name", facts.hostname],
    ["processors", String(facts.processorcount)],
    ["memory", `${facts.memorysize_mb} MB`],
    ...Object.entries(facts)
      .filter(([name]) => name.startsWith("ipaddress"))
      .map(([name, address]) => [nameOfAddress(name), String(address)]),
    ["MAC address", facts.macaddress ?? ""],
  ];
  const sections = Object.entries(disks).map(([glob, found]) => diskLines(glob, found));
  return [tableLines(rows), ...sections].flatMap((lines, i) => i === 0 ? lines : ["", ...lines]);
}

function nameOfAddress(fact: string): string {
  const iface = fact.slice("ipaddress_".length);
  return iface === "" ? "IP address" : `IP address of ${iface}`;
}

function diskLines(glob: string, disks: readonly DiskFacts[]): readonly Line[] {
  const rows = disks.map(({ path, size, blksize }) => [
    `  ${path}`,
    formatBytes(size),
    `${size} bytes`,
    `block ${blksize}`,
  ]);
  return [`${glob}: ${disks.length} disk(s)`, ...tableLines(rows)];
}
