/**
 * The faults of a cluster of processes on this machine.
 *
 * @module
 */

import type { ProcessNode } from "./cluster.ts";
import type { Fault } from "./fault.ts";

/** The faults by name. */
export const FAULTS = {
  "the leader is told to stop": {
    weight: 5,
    hits: "the leader",
    takesServer: false,
    strike: ({ rc }) => rc.stop(),
    mend: (node) => node.startRc(),
  },
  "the leader is killed": {
    weight: 8,
    hits: "the leader",
    takesServer: false,
    strike: ({ rc }) => rc.kill(),
    mend: (node) => node.startRc(),
  },
  "the leader is frozen past its session": {
    weight: 8,
    hits: "the leader",
    takesServer: false,
    strike: ({ rc }) => rc.pause(),
    mend: ({ rc }) => rc.resume(),
  },
  "the leader's host is cut off": {
    weight: 2,
    hits: "the leader",
    takesServer: true,
    strike: async ({ agent, rc }) => {
      rc.pause();
      await agent.pause();
    },
    mend: ({ agent, rc }) => {
      agent.resume();
      rc.resume();
    },
  },
  "the leader's Consul agent is killed": {
    weight: 1,
    hits: "the leader",
    takesServer: true,
    strike: ({ agent }) => agent.kill(),
    mend: (node) => node.restartAgent(),
  },
  "Raft's leader is frozen": {
    weight: 2,
    hits: "Raft's leader",
    takesServer: true,
    strike: ({ agent }) => agent.pause(),
    mend: ({ agent }) => agent.resume(),
  },
  "Raft's leader is killed": {
    weight: 1,
    hits: "Raft's leader",
    takesServer: true,
    strike: ({ agent }) => agent.kill(),
    mend: (node) => node.restartAgent(),
  },
} as const satisfies Readonly<Record<string, Fault<ProcessNode>>>;

/** Name of a fault. */
export type FaultName = keyof typeof FAULTS;
