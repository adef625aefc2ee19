/**
 * Hare's keys in Consul's KV store: a builder and a parser for each row of the key table (spec:
 * kv.md). A parser takes exactly what its builder makes, and what an operator may type for it; any
 * other key is `null`. Prefixes end in `/`: `processes/0x…:0x9` is no prefix of `…:0x96`.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { type Fid, FidSyntaxError, formatFid, parseFid } from "../lib/fid.ts";

/** Name of the RC leader's node; the key's session is the lock. */
export const LEADER = "leader";
/** Number of the last entry of EQ or BQ. */
export const EPOCH = "epoch";
/** Last fid key handed out. */
export const LAST_FIDK = "last_fidk";
/** Written last by the import; readers wait for it. */
export const IMPORTED = "hare/imported";
/** Who operates on the cluster. */
export const LOCK = "hare/lock";
/** What operators have ordered the RC to do. */
export const RC_ORDERS_PREFIX = "hare/rc/";
/** Who paused the RC. */
export const RC_PAUSED = "hare/rc/paused";
/** Who is to lead next. */
export const RC_SWITCHOVER = "hare/rc/switchover";
/** What the RC's leader says of itself. */
export const RC_REPORT = "hare/rc-report";

/** The event queue. */
export const EQ_PREFIX = "eq/";
/** The broadcast queue. */
export const BQ_PREFIX = "bq/";
/** Events that could not be handled. */
export const EQ_REJECTED_PREFIX = "eq-rejected/";
/** How far each node's hax has come in the BQ. */
export const BQ_SEEN_PREFIX = "bq-seen/";
/** Events to come. */
export const TIMEOUT_PREFIX = "timeout/";
/** States of Mero processes. */
export const PROCESSES_PREFIX = "processes/";
/** The configuration, by node. */
export const NODE_PREFIX = "node/";
/** When each process was formatted. */
export const MKFS_PREFIX = "hare/mkfs/";
/** The last state that was broadcast of each object. */
export const STATE_PREFIX = "hare/state/";
/** Leaders and events past. */
export const HISTORY_PREFIX = "hare/history/";

/** A prefix below which keys are numbers of the `epoch` counter. */
export type QueuePrefix = typeof EQ_PREFIX | typeof BQ_PREFIX | typeof EQ_REJECTED_PREFIX;

/** Digits that the number of a key may have, with zeros in front. */
const MAX_DIGITS = 40;

/** The nine digits by which Consul's lexical order is the numeric one. */
export function formatEpoch(epoch: number): string {
  if (!Number.isSafeInteger(epoch) || epoch < 0) throw new RangeError(`${epoch} is no epoch`);
  return String(epoch).padStart(9, "0");
}

/** `eq/000000002` */
export function eqKey(epoch: number): string {
  return EQ_PREFIX + formatEpoch(epoch);
}

/** `bq/000000002` */
export function bqKey(epoch: number): string {
  return BQ_PREFIX + formatEpoch(epoch);
}

/** `eq-rejected/000000002` */
export function eqRejectedKey(epoch: number): string {
  return EQ_REJECTED_PREFIX + formatEpoch(epoch);
}

/**
 * The number of a queue's entry, padded or not, or `null` where `key` is no entry of that queue.
 * Beyond nine digits the order of keys is not the order of numbers: sort by this number.
 *
 * @example
 * ```ts
 * import { EQ_PREFIX, parseEpochKey } from "./keys.ts";
 *
 * if (parseEpochKey(EQ_PREFIX, "eq/000000002") !== 2) throw new Error("padded");
 * if (parseEpochKey(EQ_PREFIX, "eq/0") !== 0) throw new Error("typed by hand");
 * if (parseEpochKey(EQ_PREFIX, "eq/next") !== null) throw new Error("no number");
 * ```
 */
export function parseEpochKey(prefix: QueuePrefix, key: string): number | null {
  const digits = key.startsWith(prefix) ? key.slice(prefix.length) : "";
  if (digits.length > MAX_DIGITS || !/^\d+$/.test(digits)) return null;
  return safeNumberOf(digits);
}

/** `processes/0x7200000000000001:0x9` */
export function processKey(fid: Fid): string {
  return PROCESSES_PREFIX + formatFid(fid);
}

/** The fid of a process's key, or `null`. */
export function parseProcessKey(key: string): Fid | null {
  return fidBelow(PROCESSES_PREFIX, key);
}

/** `hare/mkfs/0x7200000000000001:0x9` */
export function mkfsKey(fid: Fid): string {
  return MKFS_PREFIX + formatFid(fid);
}

/** The fid of a formatted process's key, or `null`. */
export function parseMkfsKey(key: string): Fid | null {
  return fidBelow(MKFS_PREFIX, key);
}

/** `hare/state/0x6b00000000000001:0x11` */
export function stateKey(fid: Fid): string {
  return STATE_PREFIX + formatFid(fid);
}

/** The fid of an object's state, or `null`. */
export function parseStateKey(key: string): Fid | null {
  return fidBelow(STATE_PREFIX, key);
}

/** `bq-seen/ssc-vm1` */
export function bqSeenKey(node: string): string {
  return BQ_SEEN_PREFIX + segment(node);
}

/** The node of a position in the BQ, or `null`. */
export function parseBqSeenKey(key: string): string | null {
  return /^bq-seen\/([^/]+)$/.exec(key)?.[1] ?? null;
}

/** What the configuration says of a process, below `node/<node>/service/<fidk>/`. */
export type ServiceAttribute = "types" | "ep";

/** `node/ssc-vm1/`: all that the configuration says of a node. */
export function nodePrefix(node: string): string {
  return `${NODE_PREFIX}${segment(node)}/`;
}

/** `node/ssc-vm1/service/9/types` */
export function serviceKey(node: string, fidk: number, attribute: ServiceAttribute): string {
  if (!Number.isSafeInteger(fidk) || fidk < 0) throw new RangeError(`${fidk} is no fid key`);
  return `${nodePrefix(node)}service/${fidk}/${attribute}`;
}

/** The parts of a {@linkcode serviceKey}, or `null`. */
export function parseServiceKey(
  key: string,
): { readonly node: string; readonly fidk: number; readonly attribute: ServiceAttribute } | null {
  const [, node, digits, attribute] = /^node\/([^/]+)\/service\/(\d+)\/(types|ep)$/.exec(key) ?? [];
  const fidk = safeNumberOf(digits ?? "-");
  if (node === undefined || fidk === null) return null;
  return { node, fidk, attribute: attribute === "ep" ? "ep" : "types" };
}

/** `hare/history/2026-11-24T03:10:00.000Z-1`: `n` tells entries of one millisecond apart. */
export function historyKey(time: Date, n: number): string {
  return `${HISTORY_PREFIX}${time.toISOString()}-${n}`;
}

/** Whether `key` is one that {@linkcode historyKey} makes. */
export function isHistoryKey(key: string): boolean {
  return /^hare\/history\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-\d{1,16}$/.test(key);
}

function fidBelow(prefix: string, key: string): Fid | null {
  if (!key.startsWith(prefix)) return null;
  try {
    return parseFid(key.slice(prefix.length));
  } catch (error) {
    if (error instanceof FidSyntaxError) return null;
    throw error;
  }
}

function safeNumberOf(digits: string): number | null {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : null;
}

function segment(name: string): string {
  if (name === "" || name.includes("/")) {
    throw new HareError(`${JSON.stringify(name)} cannot be part of a Consul key`);
  }
  return name;
}
