/**
 * The coordinator as seen from outside: who leads, what waits, what went wrong.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import type { Consul } from "../consul/mod.ts";
import { KvValueError } from "../kv/errors.ts";
import {
  BQ_PREFIX,
  EQ_PREFIX,
  EQ_REJECTED_PREFIX,
  parseEpochKey,
  type QueuePrefix,
  RC_PAUSED,
  RC_REPORT,
  TIMEOUT_PREFIX,
} from "../kv/keys.ts";
import { readLeader } from "../kv/leader.ts";
import type { KeyValue } from "../kv/errors.ts";
import { type LeaderReport, parseLeaderReport, parsePause, type Pause } from "../kv/rc_orders.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Line } from "../lib/lines.ts";
import { tableLines } from "../lib/table.ts";
import { candidates } from "./operate.ts";
import { readTimeouts } from "./timeouts.ts";

/** The coordinator's state. */
export interface RcStatus {
  /** `null` while nobody leads. */
  readonly leader: {
    readonly node: string;
    /** How often the lock has been taken. */
    readonly term: number;
    /** `null` before its first report. */
    readonly since: string | null;
    /** Value of key `leader`, if it is not the node's name; the leader corrects it soon. */
    readonly keySays: string | null;
  } | null;
  /** Nodes that could lead, the leader's too. */
  readonly candidates: readonly string[];
  readonly paused: Pause | null;
  /** Entries by queue. */
  readonly queues: Readonly<Record<"eq" | "eqRejected" | "bq" | "timeout", number>>;
  readonly oldest: LeaderReport["oldest"];
  readonly lastError: LeaderReport["lastError"];
  readonly nextTimeout: { readonly key: string; readonly due: string } | null;
}

/** Reads it, every question at once. */
export async function readRcStatus(consul: Consul, signal: AbortSignal): Promise<RcStatus> {
  const options = { signal };
  const [leader, nodes, paused, reported, eq, eqRejected, bq, timeouts] = await Promise.all([
    readLeader(consul, options),
    candidates(consul, signal),
    consul.kv.get(RC_PAUSED, options),
    consul.kv.get(RC_REPORT, options),
    consul.kv.keys(EQ_PREFIX, options),
    consul.kv.keys(EQ_REJECTED_PREFIX, options),
    consul.kv.keys(BQ_PREFIX, options),
    consul.kv.list(TIMEOUT_PREFIX, options),
  ]);
  const last = reported === null ? null : reportIn(reported);
  const report = last !== null && last.session === leader?.session ? last : null;
  const [next] = readTimeouts(timeouts).timeouts;
  return {
    leader: leader && {
      node: leader.node,
      term: report?.term ?? leader.term,
      since: report?.since ?? null,
      keySays: leader.value === leader.node ? null : leader.value,
    },
    candidates: nodes,
    paused: paused === null ? null : parsePause(paused),
    queues: {
      eq: entriesAmong(eq, EQ_PREFIX),
      eqRejected: entriesAmong(eqRejected, EQ_REJECTED_PREFIX),
      bq: entriesAmong(bq, BQ_PREFIX),
      timeout: timeouts.length,
    },
    // A report is some seconds old: what it calls the oldest may be done.
    oldest: report?.oldest && eq.includes(report.oldest.key) ? report.oldest : null,
    lastError: report?.lastError ?? null,
    nextTimeout: next === undefined
      ? null
      : { key: next.key, due: new Date(next.due).toISOString() },
  };
}

/** Number of keys that are entries of the queue; other keys stay, and are not handled. */
function entriesAmong(keys: readonly string[], queue: QueuePrefix): number {
  return keys.filter((key) => parseEpochKey(queue, key) !== null).length;
}

function reportIn(entry: KeyValue): LeaderReport | null {
  try {
    return parseLeaderReport(entry);
  } catch (error) {
    if (error instanceof KvValueError) return null;
    throw error;
  }
}

/**
 * The lines for a person.
 *
 * @param now time of this host: the leader's clock may differ, so ages are approximate
 */
export function rcStatusLines(status: RcStatus, now: Date): readonly Line[] {
  const { leader, candidates, paused, queues, oldest, lastError, nextTimeout } = status;
  const ago = (time: string) => formatDuration(Math.max(0, now.getTime() - Date.parse(time)));
  const others = candidates.filter((node) => leader === null || !isSameNode(node, leader.node));
  const rows: (readonly [string, string])[] = [
    [
      "leader",
      leader === null
        ? "NOBODY"
        : `${leader.node}, term ${leader.term}${
          leader.since === null ? "" : `, since ${leader.since} (${ago(leader.since)})`
        }${leader.keySays === null ? "" : `; key leader says ${JSON.stringify(leader.keySays)}`}`,
    ],
    ["stand by", others.join(", ") || "none"],
    [
      "events",
      queues.eq === 0
        ? "none waits"
        : `${queues.eq} wait${oldest === null ? "" : `; ${oldest.key} for ${ago(oldest.since)}`}`,
    ],
    [
      "moved aside",
      queues.eqRejected === 0 ? "none" : `${queues.eqRejected}: see \`hare event list\``,
    ],
    ["broadcasts", queues.bq === 0 ? "none waits" : `${queues.bq} wait for some hax`],
    [
      "timeouts",
      nextTimeout === null
        ? `${queues.timeout || "none"}`
        : `${queues.timeout}; ${nextTimeout.key} is due ${nextTimeout.due}`,
    ],
    [
      "last error",
      lastError === null ? "none in this term" : `${lastError.time} ${lastError.what}`,
    ],
  ];
  const banner = paused === null ? [] : [
    `PAUSED by ${paused.by}${paused.since === "" ? "" : ` since ${paused.since}`}: ${
      paused.why || "no reason given"
    }`,
  ];
  return [...banner, ...tableLines(rows)];
}
