/**
 * Counters in KV: `epoch`, `last_fidk`, or any key with a number (spec: kv.md, commands.md). Each
 * caller gets a number of its own, and no number is left out.
 *
 * @module
 */

import type { Consul, KvEntry } from "../consul/mod.ts";
import { HareError } from "../lib/errors.ts";
import { type Fid, FID_TYPES, type FidTypeName } from "../lib/fid.ts";
import { type CasOptions, retryCas } from "./cas_retry.ts";
import { KvValueError } from "./errors.ts";
import { EPOCH, LAST_FIDK, NODE_PREFIX, parseServiceKey } from "./keys.ts";
import { POOLS } from "./pools.ts";
import { PROFILE } from "./profile.ts";

/** Distance of two fid keys that are handed out. */
const FIDK_STEP = 16n;

/**
 * Adds `increment` to the number at `key`, or to `floor` where that is more, and returns the sum.
 *
 * @throws {HareError} when the key is absent, or its value is no whole number; nothing is written
 * @throws {TimeLimitError} when others were always faster
 */
export async function next(
  consul: Consul,
  key: string,
  increment: bigint = 1n,
  options: CasOptions = {},
  floor: bigint | null = null,
): Promise<bigint> {
  return await retryCas(`count at key ${key}`, async () => {
    const entry = await consul.kv.get(key, options);
    if (entry === null) {
      throw new HareError(`key ${key} is absent from Consul's KV`, {
        hint: `is this the right cluster? \`consul kv put ${key} 0\` begins a counter`,
      });
    }
    const last = counterOf(entry);
    const sum = (floor !== null && floor > last ? floor : last) + increment;
    return await consul.kv.cas(key, String(sum), entry.modifyIndex, options)
      ? { done: true, value: sum }
      : { done: false, why: "the number changed meanwhile at every try" };
  }, options);
}

/** The next epoch. */
export async function nextEpoch(consul: Consul, options: CasOptions = {}): Promise<number> {
  return epochNumber(await next(consul, EPOCH, 1n, options));
}

/**
 * The next fid of a configuration object of this type. If the counter was set back, for example by
 * an import of an older export, the fid is higher than those of all processes, the profile and the
 * pools of the configuration. Drives have lower keys than these, so the fid is higher than theirs,
 * too.
 */
export async function nextFid(
  consul: Consul,
  type: FidTypeName,
  options: CasOptions = {},
): Promise<Fid> {
  const { kv } = consul;
  const [keys, ...records] = await Promise.all([
    kv.keys(NODE_PREFIX, options),
    kv.get(PROFILE, options),
    kv.get(POOLS, options),
  ]);
  const used = [
    ...keys.map((name) => BigInt(parseServiceKey(name)?.fidk ?? 0)),
    ...records.flatMap((record) => fidKeysIn(record?.value ?? "")),
  ].reduce((a, b) => b > a ? b : a, 0n);
  const key = await next(consul, LAST_FIDK, FIDK_STEP, options, used);
  if (key >= 1n << 64n) throw new HareError(`key ${LAST_FIDK} has come to its end: ${key}`);
  return { container: (BigInt(FID_TYPES[type]) << 56n) | 1n, key };
}

/** Keys of the fids that a value names, whatever else is wrong with it. */
function fidKeysIn(value: string): bigint[] {
  return [...value.matchAll(/\b0x[0-9a-f]{1,16}:(0x[0-9a-f]{1,16})\b/gi)]
    .map(([, key = "0"]) => BigInt(key));
}

/**
 * The number that a counter's entry holds, however large.
 *
 * @throws {KvValueError} when it is no whole number
 */
export function counterOf(entry: Pick<KvEntry, "key" | "value">): bigint {
  const text = entry.value.trim();
  if (!/^-?\d+$/.test(text)) throw new KvValueError(entry, "it is no whole number");
  return BigInt(text);
}

/** Epochs beyond 2^53 would not be told apart as keys: refused. */
function epochNumber(epoch: bigint): number {
  if (epoch < 0n || epoch > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new HareError(`key ${EPOCH} cannot go on at ${epoch}`, {
      hint: "it counts from 1: somebody has overwritten it",
    });
  }
  return Number(epoch);
}
