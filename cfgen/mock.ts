/**
 * Facts made up from a seed, for a look at what a CDF will lead to (`hare cfgen --mock`).
 *
 * @module
 */

import type { CdfDocument } from "./cdf/document.ts";
import { hostnameOf } from "./cdf/rules.ts";
import {
  type DiskFacts,
  type Facts,
  type FactsRequest,
  factsRequests,
  type HostFacts,
} from "./facts.ts";
import { pathsLike } from "./glob.ts";

/** Disks that a glob without bounds stands for. */
const MANY = 10;

/**
 * Makes up facts about the hosts of a CDF: hosts that differ, disks whose paths fit their globs,
 * addresses from 10.0.0.0/8.
 *
 * @param seed the same seed gives the same facts
 */
export function mockFacts({ cdf }: CdfDocument, seed: string): Facts {
  const random = randomFrom(seed);
  const requests = cdf === undefined ? [] : factsRequests(cdf);
  const hosts = requests.map((request, i) => [request.name, mockHost(request, i, random)] as const);
  return { hosts: Object.fromEntries(hosts) };
}

function mockHost(request: FactsRequest, index: number, random: () => number): HostFacts {
  const { name, iface, globs } = request;
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least));
  // The last two bytes count, so that no address comes twice.
  const address = (network: number) =>
    `10.${network}.${Math.floor(index / 254) % 256}.${1 + index % 254}`;
  const mac = Array.from({ length: 5 }, () => between(0, 256).toString(16).padStart(2, "0"));
  const size = between(1, 16) * 2 ** 40;
  const used = new Set<string>();
  const disks = globs.map((glob): [string, DiskFacts[]] => {
    const paths = pathsLike(glob, MANY + used.size).filter((path) => !used.has(path));
    return [
      glob,
      paths.slice(0, MANY).map((path) => {
        used.add(path);
        return { path, size, blksize: 4096 };
      }),
    ];
  });
  return {
    facts: {
      hostname: hostnameOf(name),
      processorcount: between(1, 21),
      memorysize_mb: between(512, 65536),
      ipaddress: address(0),
      ...iface === undefined ? {} : { [`ipaddress_${iface}`]: address(1) },
      macaddress: ["52", ...mac].join(":"),
    },
    disks: Object.fromEntries(disks),
  };
}

/** Numbers in [0, 1) that follow from a seed (mulberry32, seeded by FNV-1a). */
function randomFrom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = (mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed)) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
