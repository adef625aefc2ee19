/**
 * The faults, one after another: each is made, lasts until leadership has moved where it must, and
 * is mended.
 *
 * @module
 */

import type { FaultCluster } from "./cluster.ts";

/** Makes one fault and mends it. */
export type Fault = (cluster: FaultCluster) => Promise<void>;

/** How long Raft's leader is frozen: beyond its lease, so that another is elected. */
const RAFT_FREEZE_MS = 2500;

/** The faults by name. */
export const FAULTS = {
  "the leader is told to stop": async (cluster) => {
    const leader = await cluster.leaderOtherThan(null);
    await leader.rc.stop();
    await cluster.leaderOtherThan(leader.name);
    cluster.restartRc(leader);
  },
  "the leader is killed": async (cluster) => {
    const leader = await cluster.leaderOtherThan(null);
    await leader.rc.kill();
    await cluster.leaderOtherThan(leader.name);
    cluster.restartRc(leader);
  },
  "the leader is frozen past its session": async (cluster) => {
    const leader = await cluster.leaderOtherThan(null);
    leader.rc.pause();
    await cluster.leaderOtherThan(leader.name);
    leader.rc.resume();
  },
  "the leader's host is cut off": async (cluster) => {
    await cluster.allVote();
    const leader = await cluster.leaderOtherThan(null);
    await leader.agent.pause();
    leader.rc.pause();
    await cluster.leaderOtherThan(leader.name);
    leader.agent.resume();
    leader.rc.resume();
  },
  "the leader's Consul agent is killed": async (cluster) => {
    await cluster.allVote();
    const leader = await cluster.leaderOtherThan(null);
    await leader.agent.kill();
    await cluster.leaderOtherThan(leader.name);
    await cluster.restartAgent(leader);
  },
  "Raft's leader is frozen": async (cluster) => {
    await cluster.allVote();
    const leader = await cluster.raftLeader();
    await leader.agent.pause();
    await new Promise((resolve) => setTimeout(resolve, RAFT_FREEZE_MS));
    leader.agent.resume();
    await cluster.leaderOtherThan(null);
  },
  "Raft's leader is killed": async (cluster) => {
    await cluster.allVote();
    const leader = await cluster.raftLeader();
    await leader.agent.kill();
    await cluster.leaderOtherThan(null);
    await cluster.restartAgent(leader);
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** Name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** How often each is made: those that are over soon more often. */
export const WEIGHTS: Readonly<Record<FaultName, number>> = {
  "the leader is told to stop": 5,
  "the leader is killed": 8,
  "the leader is frozen past its session": 8,
  "the leader's host is cut off": 2,
  "the leader's Consul agent is killed": 1,
  "Raft's leader is frozen": 2,
  "Raft's leader is killed": 1,
};

/** Names at random, by their weights. */
export function pick(random: () => number): FaultName {
  const names = Object.keys(FAULTS) as FaultName[];
  let left = random() * names.reduce((sum, name) => sum + WEIGHTS[name], 0);
  return names.find((name) => (left -= WEIGHTS[name]) < 0) ?? "the leader is killed";
}
