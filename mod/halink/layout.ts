/**
 * Where everything is in the HA link's structures, in bytes, on x86-64: the one table of the C
 * interface's data. Offsets within a message count from its beginning.
 *
 * @module
 */

import type { Fid } from "../lib/fid.ts";

/** Sizes. */
export const SIZE = { fid: 16, uint128: 16, note: 24, message: 24_696, thread: 512 } as const;

/** Notes that one message holds at most; one more, and the receiver panics. */
export const MAX_NOTES = 1_024;

/** The head of every message. */
export const MESSAGE = {
  fid: 0,
  sourceProcess: 16,
  sourceService: 32,
  time: 48,
  epoch: 56,
  type: 64,
  tag: 24_688,
} as const;

/** States of objects: told, or asked for. */
export const NVEC = { kind: 72, idOfGet: 80, ignoreSame: 88, count: 96, notes: 104 } as const;

/** What tells telling from asking. */
export const NVEC_KIND = { set: 0n, get: 1n } as const;

/** A question after a pool's failure vector; the cookie is two 64-bit numbers. */
export const FAILURE_VECTOR_REQUEST = { pool: 72, cookie: 88 } as const;

/** The answer to it. */
export const FAILURE_VECTOR_REPLY = { pool: 72, cookie: 88, count: 104, notes: 112 } as const;

/** What a process or a service says of itself. */
export const EVENT = { event: 72, type: 80, pid: 88 } as const;

/** State of an object, in a message. */
export const NOTE = { fid: 0, state: 16 } as const;

/** Types of messages. The older library numbers the last one differently. */
export const MESSAGE_TYPE = {
  stobIo: 1,
  nvec: 2,
  failureVectorRequest: 3,
  failureVectorReply: 4,
  keepaliveRequest: 5,
  keepaliveReply: 6,
  processEvent: 7,
  serviceEvent: 8,
  rpc: 9,
  beIo: 10,
  sns: { motr: 11, mero: 12 },
} as const;

/** Numbers in memory are in this byte order. */
const LITTLE = true;

/** The fid at `offset`. */
export function readFid(view: DataView, offset: number): Fid {
  return {
    container: view.getBigUint64(offset, LITTLE),
    key: view.getBigUint64(offset + 8, LITTLE),
  };
}

/** Writes a fid at `offset`. */
export function writeFid(view: DataView, offset: number, { container, key }: Fid): void {
  view.setBigUint64(offset, container, LITTLE);
  view.setBigUint64(offset + 8, key, LITTLE);
}

/** The 64-bit number at `offset`. */
export function readU64(view: DataView, offset: number): bigint {
  return view.getBigUint64(offset, LITTLE);
}

/** Writes a 64-bit number at `offset`. */
export function writeU64(view: DataView, offset: number, value: bigint): void {
  view.setBigUint64(offset, value, LITTLE);
}

/** Writes a 32-bit number at `offset`. */
export function writeU32(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value, LITTLE);
}

/** Fids one after another, as the library takes them. */
export function fidArray(fids: readonly Fid[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(1, fids.length) * SIZE.fid);
  const view = new DataView(bytes.buffer);
  fids.forEach((fid, i) => writeFid(view, i * SIZE.fid, fid));
  return bytes;
}

/** A text as C has it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${text}\0`));
}
