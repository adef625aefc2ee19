/**
 * Descriptions of clusters for tests: a good one, ways to spoil it, and what is found then.
 *
 * @module
 */

import { checkCdf, parseCdf } from "../../cfgen/cdf/document.ts";
import { formatPath } from "../../cfgen/cdf/path.ts";
import type { Facts, HostFacts } from "../../cfgen/facts.ts";
import { type TargetName, TARGETS } from "../../cfgen/target.ts";
import { assertEquals } from "./assert.ts";

/** Facts of a host with `disks` disks: `/dev/sda`, `/dev/sdb`, … */
export function hostFacts(hostname: string, ipaddress: string, disks = 4): HostFacts {
  const paths = "abcdefghij".slice(0, disks).split("").map((letter) => `/dev/sd${letter}`);
  const all = paths.map((path) => ({ path, size: 2 ** 30, blksize: 4096 }));
  return {
    facts: {
      hostname,
      processorcount: 2,
      memorysize_mb: 1024,
      ipaddress,
      ipaddress_eth1: ipaddress,
    },
    disks: { "/dev/sd*": all, "/dev/sda": all.slice(0, 1), "/dev/none*": [] },
  };
}

/** Facts of hosts `a`, `b` and `c`. */
export const FACTS: Facts = {
  hosts: {
    a: hostFacts("node-a", "10.0.0.1"),
    b: hostFacts("node-b", "10.0.0.2"),
    c: hostFacts("node-c", "10.0.0.3"),
  },
};

/** Lines 2 to 6 of {@linkcode GOOD}. */
export const HOST_A = `
hosts:
  - name: a
    m0_servers: [{ runs_confd: true, io_disks: { path_glob: /dev/sd* } }]
    c0_clients: 1
    m0t1fs_clients: 0`;

/** Lines 7 to 11 of {@linkcode GOOD}. */
export const HOST_B = `
  - name: b
    data_iface: eth1
    m0_servers: [{ io_disks: { path_glob: /dev/sd* } }]
    c0_clients: 1
    m0t1fs_clients: 0`;

/** Lines 12 to 16 of {@linkcode GOOD}. */
export const POOL = `
pools:
  - name: p
    disks: all
    data_units: 1
    parity_units: 1
`;

/** A description without problems. */
export const GOOD: string = HOST_A + HOST_B + POOL;

/** A description with one text replaced; the good one if none is given. */
export function but(from: string, to: string, cdf: string = GOOD): string {
  if (!cdf.includes(from)) throw new Error(`the description lacks ${from}`);
  return cdf.replace(from, to);
}

/** How a description is checked. */
export interface FoundOptions {
  readonly target?: TargetName;
  /** {@default FACTS}; null: none */
  readonly facts?: Facts | null;
  readonly severity?: "error" | "warning";
}

/** What is found in a description, as `line path: text`. */
export function found(text: string, options: FoundOptions = {}): readonly string[] {
  const { target = "mero", facts = FACTS, severity = "error" } = options;
  const document = parseCdf(text, { name: "cdf.yaml", target: TARGETS[target] });
  const { problems } = checkCdf(document, facts ?? undefined);
  return problems.list(severity).map(({ path, text, span }) =>
    `${document.source.positionOf(span.start).line} ${formatPath(path)}: ${text}`
  );
}

/** What is wrong, the description, and what is to be found. */
export type Case = readonly [
  what: string,
  cdf: string,
  problems: readonly string[],
  options?: FoundOptions,
];

/** A test for each case. */
export function testCases(cases: readonly Case[]): void {
  for (const [what, cdf, problems, options] of cases) {
    Deno.test(`checkCdf() finds ${what}`, () => assertEquals(found(cdf, options), problems));
  }
}
