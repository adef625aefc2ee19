/**
 * Arbitrary clusters without problems.
 *
 * @module
 */

import fc from "fast-check";
import {
  type CdfDocument,
  type Facts,
  parseCdf,
  type TargetName,
  TARGETS,
} from "../../cfgen/mod.ts";

/** One host. */
export interface HostShape {
  /** Disks of each server. */
  readonly servers: readonly number[];
  /** The server that runs confd as well; none beyond the last. */
  readonly confd: number;
  readonly clients: number;
}

/** A cluster. */
export interface ClusterShape {
  readonly target: TargetName;
  readonly hosts: readonly HostShape[];
  /** Each from 0 to 1: which share of what is possible. */
  readonly pools: readonly { readonly data: number; readonly parity: number }[];
}

const share = fc.double({ min: 0, max: 0.999, noNaN: true });

/** A host that may stand anywhere but first. */
export const hostShape: fc.Arbitrary<HostShape> = fc.record({
  servers: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  confd: fc.integer({ min: 0, max: 4 }),
  clients: fc.integer({ min: 1, max: 3 }),
});

/** A cluster whose first host has a confd and a disk. */
export const clusterShape: fc.Arbitrary<ClusterShape> = fc.record({
  target: fc.constantFrom("mero", "motr"),
  hosts: fc.tuple(
    fc.record({
      servers: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
      confd: fc.constant(0),
      clients: fc.integer({ min: 0, max: 3 }),
    }),
    fc.array(hostShape, { maxLength: 4 }),
  ).map(([first, others]) => [first, ...others]),
  pools: fc.array(fc.record({ data: share, parity: share }), { minLength: 1, maxLength: 3 }),
});

/** The description and the facts of a cluster. */
export function materialise(shape: ClusterShape): { document: CdfDocument; facts: Facts } {
  const drives = shape.hosts.flatMap(({ servers }) => servers).reduce((a, b) => a + b, 0);
  const cdf = {
    hosts: shape.hosts.map(({ servers, confd, clients }, i) => ({
      name: `h${i}`,
      m0_servers: servers.map((_, s) => ({
        runs_confd: s === confd,
        io_disks: { path_glob: `g${s}` },
      })),
      c0_clients: clients,
      m0t1fs_clients: 0,
    })),
    pools: shape.pools.map(({ data, parity }, i) => {
      const parity_units = Math.floor(parity * (Math.floor((drives - 1) / 2) + 1));
      const data_units = 1 + Math.floor(data * (drives - 2 * parity_units));
      return { name: `p${i}`, disks: "all", data_units, parity_units };
    }),
  };
  const hosts = shape.hosts.map(({ servers }, i) => {
    const facts = {
      hostname: `n${i}`,
      processorcount: 1 + i,
      memorysize_mb: 100,
      ipaddress: `10.0.0.${i}`,
    };
    const disks = servers.map((count, s) => [
      `g${s}`,
      Array.from(
        { length: count },
        (_, d) => ({ path: `/dev/${s}-${d}`, size: 2 ** 30, blksize: 4096 }),
      ),
    ]);
    return [`h${i}`, { facts, disks: Object.fromEntries(disks) }];
  });
  return {
    document: parseCdf(JSON.stringify(cdf), { name: "cdf", target: TARGETS[shape.target] }),
    facts: { hosts: Object.fromEntries(hosts) },
  };
}
