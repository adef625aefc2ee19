/**
 * A cluster as it stood at one moment: read once, then only looked at.
 *
 * @module
 */

import type { CheckStatus } from "../consul/mod.ts";
import type { Role } from "../kv/cluster.ts";
import type { PoolRecord } from "../kv/pools.ts";
import type { ProcessRecord } from "../kv/process_state.ts";
import type { Fid } from "../lib/fid.ts";

/** All that `hare status` looks at. */
export interface World {
  readonly consul: ConsulView;
  readonly rc: RcView;
  /** By name. */
  readonly nodes: readonly NodeView[];
  /** All of the configuration, in the order of their fids. */
  readonly processes: readonly ProcessView[];
  /** `null` where the configuration does not tell of its pools. */
  readonly pools: readonly PoolRecord[] | null;
  /** Values in KV that make no sense, each with its key and why. */
  readonly unreadable: readonly string[];
}

/** Consul itself. */
export interface ConsulView {
  /** The agent that was asked. */
  readonly address: string;
  /** Without a leader all else is what one server knew last. */
  readonly hasLeader: boolean;
  readonly servers: readonly ConsulServerView[];
}

/** A server that takes part in Raft. */
export interface ConsulServerView {
  readonly node: string;
  readonly leads: boolean;
  /** One that came back is no voter for some seconds. */
  readonly votes: boolean;
}

/** The recovery coordinator. */
export interface RcView {
  /** The node whose session holds the lock; `null` when none does. */
  readonly leader: string | null;
  /** Whether the session that holds the lock is there. */
  readonly sessionOk: boolean;
  /** Value of key `leader`, if it is not the leader's name. */
  readonly keySays: string | null;
  /** Nodes where an instance keeps its check passing. */
  readonly running: readonly string[];
}

/** A node of the configuration, or of Consul. */
export interface NodeView {
  readonly name: string;
  /** `absent`: in the configuration, but not in Consul's catalog. */
  readonly presence: "alive" | "failed" | "absent";
  /**
   * Other problems, for example `is in Consul's maintenance mode (a reason)`. The node's services
   * then count as offline, as in `hare watch-service`.
   */
  readonly troubles: readonly string[];
}

/** A Mero process of the configuration. */
export interface ProcessView {
  readonly node: string;
  readonly fid: Fid;
  readonly role: Role;
  /** Mero's service types, lower case. */
  readonly types: readonly string[];
  readonly endpoint: string;
  /** What its node's hax has written; `null` when it never reported. */
  readonly record: ProcessRecord | null;
  /** One for each service of the process that Consul should know. */
  readonly checks: readonly CheckView[];
}

/** The check of a service. */
export interface CheckView {
  readonly service: string;
  /** `absent`: the service is not registered. */
  readonly status: CheckStatus | "absent";
  /** Latest output of the check; with several checks, of the worst one. */
  readonly output: string;
}

/** What to call a process: its role, or `confd+ios` when it is both. */
export function titleOf({ role, types }: ProcessView): string {
  return role === "confd" && types.includes("ios") ? "confd+ios" : role;
}
