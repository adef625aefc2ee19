/**
 * A host's facts for people.
 *
 * @module
 */

import type { DiskFacts, HostFacts } from "../../cfgen/mod.ts";
import { formatBytes } from "../lib/std/fmt.ts";
import { tableLines } from "../lib/table.ts";

/** Facts as a table, each line ending with a newline. */
export function renderFacts({ facts, disks }: HostFacts): string {
  const rows = [
    ["host name", facts.hostname],
    ["processors", String(facts.processorcount)],
    ["memory", `${facts.memorysize_mb} MB`],
    ...Object.entries(facts)
      .filter(([name]) => name.startsWith("ipaddress"))
      .map(([name, address]) => [nameOfAddress(name), String(address)]),
    ["MAC address", facts.macaddress ?? ""],
  ];
  const sections = Object.entries(disks).map(([glob, found]) => renderDisks(glob, found));
  return [table(rows), ...sections].join("\n");
}

function nameOfAddress(fact: string): string {
  const iface = fact.slice("ipaddress_".length);
  return iface === "" ? "IP address" : `IP address of ${iface}`;
}

function renderDisks(glob: string, disks: readonly DiskFacts[]): string {
  const rows = disks.map(({ path, size, blksize }) => [
    `  ${path}`,
    formatBytes(size),
    `${size} bytes`,
    `block ${blksize}`,
  ]);
  return `${glob}: ${disks.length} disk(s)\n${table(rows)}`;
}

function table(rows: readonly (readonly string[])[]): string {
  return tableLines(rows).map((line) => line + "\n").join("");
}
