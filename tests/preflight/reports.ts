/**
 * Reports of hosts that are well, to be spoilt in tests.
 *
 * @module
 */

import type { Answer, Answered, HostReport } from "../../mod/preflight/mod.ts";

/** Version of the Hare on hosts that are well. */
export const HARE = "0.1.0 (commit abc1234)";

/** An answer without problems, but for `parts`. */
export function answerOf(parts: Partial<Answer> = {}): Answer {
  return {
    format: 2,
    hare: HARE,
    consul: { value: "1.20.6" },
    facts: {
      value: {
        hostname: "vm",
        processorcount: 2,
        memorysize_mb: 1024,
        ipaddress: "10.0.0.1",
        macaddress: "52:54:00:00:00:01",
      },
    },
    disks: { value: { "/dev/sd*": [{ path: "/dev/sda", size: 2 ** 30, blksize: 512 }] } },
    units: {
      value: {
        asked: [
          { name: "hare-consul-agent", load: "loaded", active: "inactive" },
          { name: "m0d@any", load: "loaded", active: "inactive" },
        ],
        failed: [],
      },
    },
    haxLibrary: { value: "libmotr.so.2" },
    busyPorts: [],
    timeZone: { name: "UTC", offsetMinutes: 0 },
    clock: { receivedMs: 0, sentMs: 0 },
    ...parts,
  };
}

/** The report of a host that has answered. */
export function reportOf(
  host: string,
  parts: Partial<Answer> = {},
  clock: Answered["clock"] = { aheadMs: 0, uncertaintyMs: 0 },
): HostReport {
  return { host, outcome: { kind: "answered", answer: answerOf(parts), clock } };
}
