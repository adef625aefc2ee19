/**
 * Transactions on the key-value store: `/v1/txn`. All operations happen or none.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import { base64FromText } from "./base64.ts";
import { ConsulError } from "./errors.ts";
import { filtered } from "./failures.ts";
import type { Http } from "./http.ts";
import type { CallOptions } from "./request.ts";
import { checkValueSize, type KvEntry, kvEntryOf, kvEntrySchema } from "./kv.ts";

/** One operation of a transaction, made by {@linkcode txn}. */
export interface TxnOp {
  readonly verb:
    | "set"
    | "cas"
    | "get"
    | "delete"
    | "delete-cas"
    | "check-session"
    | "check-not-exists"
    | "check-index"
    | "lock"
    | "unlock";
  readonly key: string;
  readonly value?: string;
  readonly index?: number;
  readonly session?: string;
}

/** Operations of a transaction. */
export const txn = {
  /** Sets `key` to `value`. */
  set: (key: string, value: string): TxnOp => ({ verb: "set", key, value }),
  /** Sets `key` if its modify index is `index`; `0` means: if it is absent. */
  cas: (key: string, value: string, index: number): TxnOp => ({ verb: "cas", key, value, index }),
  /** Reads `key` into the result; fails where it is absent. */
  get: (key: string): TxnOp => ({ verb: "get", key }),
  /** Removes `key` if it is there. */
  delete: (key: string): TxnOp => ({ verb: "delete", key }),
  /** Removes `key` if its modify index is `index`. */
  deleteCas: (key: string, index: number): TxnOp => ({ verb: "delete-cas", key, index }),
  /** Fails unless `session` holds the lock of `key`. */
  checkSession: (key: string, session: string): TxnOp => ({ verb: "check-session", key, session }),
  /** Fails if `key` is there. */
  checkNotExists: (key: string): TxnOp => ({ verb: "check-not-exists", key }),
  /** Fails unless the modify index of `key` is `index`. */
  checkIndex: (key: string, index: number): TxnOp => ({ verb: "check-index", key, index }),
  /** Sets `key` and locks it for `session`. */
  lock: (key: string, value: string, session: string): TxnOp => ({
    verb: "lock",
    key,
    value,
    session,
  }),
  /** Sets `key` and gives back the lock of `session`. */
  unlock: (key: string, value: string, session: string): TxnOp => ({
    verb: "unlock",
    key,
    value,
    session,
  }),
} as const;

/** What a transaction came to. */
export type TxnResult =
  | {
    readonly ok: true;
    /** Entries that operations read, checked or wrote, in order; only `get` fills in values. */
    readonly entries: readonly KvEntry[];
  }
  | {
    readonly ok: false;
    /** The operations that failed, by their place in the list, and why. Nothing was changed. */
    readonly errors: readonly { readonly index: number; readonly what: string }[];
  };

/** Operations in one transaction: what every Consul release takes (spec: kv.md). */
export const MAX_TXN_OPS = 64;

/** Bytes that a transaction's request may have, and has without an operation. */
const MAX_TXN_BYTES = 512 * 1024;
const EMPTY_BYTES = 2;

const doneSchema = z.object({
  Results: z.array(z.object({ KV: kvEntrySchema.optional() })).nullable(),
  ResultsFilteredByACLs: z.boolean().optional(),
});
const refusedSchema = z.object({
  Errors: z.array(z.object({ OpIndex: z.number(), What: z.string() })),
});

/**
 * Runs a transaction.
 *
 * @throws {HareError} when it has more than {@linkcode MAX_TXN_OPS} operations
 * @throws {ConsulError} when it cannot be run; whether it was run may be unknown after a time-out
 */
export async function runTxn(
  http: Http,
  ops: readonly TxnOp[],
  options: CallOptions = {},
): Promise<TxnResult> {
  if (ops.length > MAX_TXN_OPS) {
    throw new HareError(
      `a Consul transaction has at most ${MAX_TXN_OPS} operations, not ${ops.length}`,
    );
  }
  const body = JSON.stringify(ops.map((op) => ({ KV: rawOp(op) })));
  const answer = await http.call({ method: "PUT", path: "/v1/txn", body, expect: [409] }, options);
  if (answer.status !== 409) {
    const { Results, ResultsFilteredByACLs } = answer.json(doneSchema);
    if (ResultsFilteredByACLs) throw filtered(`PUT ${http.address}/v1/txn`, undefined, true);
    const results = Results ?? [];
    return {
      ok: true,
      entries: results.flatMap(({ KV }) => KV === undefined ? [] : kvEntryOf(KV)),
    };
  }
  const errors = answer.json(refusedSchema).Errors
    .map(({ OpIndex, What }) => ({ index: OpIndex, what: What }));
  const denied = errors.find(({ what }) => what.startsWith("Permission denied"));
  if (denied !== undefined) {
    throw new ConsulError(
      `PUT ${http.address}/v1/txn: Consul refused ${ops[denied.index]?.verb} of key ${
        ops[denied.index]?.key
      }: ${denied.what}`,
      {
        kind: "forbidden",
        retryable: false,
        status: 409,
        body: denied.what,
        hint: "set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE to a token that may do this",
      },
    );
  }
  return { ok: false, errors };
}

/**
 * Splits operations into lists that one transaction takes, by number and by size, in their order.
 * An operation too large even alone gets a list of its own, which Consul will refuse.
 */
export function splitTxnOps(ops: readonly TxnOp[]): TxnOp[][] {
  const parts: TxnOp[][] = [];
  let part: TxnOp[] = [];
  let bytes = EMPTY_BYTES;
  for (const op of ops) {
    const more = bytesOf(op);
    const full = part.length >= MAX_TXN_OPS || bytes + more > MAX_TXN_BYTES;
    if (full && part.length > 0) {
      parts.push(part);
      part = [];
      bytes = EMPTY_BYTES;
    }
    part.push(op);
    bytes += more;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** Bytes of an operation in the request, with room for numbers that are not known yet. */
function bytesOf(op: TxnOp): number {
  const escaped = new TextEncoder().encode(JSON.stringify(op.key)).length;
  const base64 = Math.ceil(new TextEncoder().encode(op.value ?? "").length / 3) * 4;
  return escaped + base64 + 150;
}

function rawOp(op: TxnOp): Record<string, string | number> {
  if (op.value !== undefined) checkValueSize(op.key, op.value);
  return {
    Verb: op.verb,
    Key: op.key,
    ...(op.value === undefined ? {} : { Value: base64FromText(op.value) }),
    ...(op.index === undefined ? {} : { Index: op.index }),
    ...(op.session === undefined ? {} : { Session: op.session }),
  };
}
