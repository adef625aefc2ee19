/**
 * Whether a file or device has only zeros. A small device, and the data of a sparse file, are read
 * completely. Of a large device the scan reads both ends, the places of known superblocks, and
 * samples from the whole device. docs/storage.md explains what this proves, and what it does not
 * prove.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import type { OpenStorage, Range } from "./kernel.ts";

/** The result of a scan. */
export interface Scan {
  /** Offset of the first byte found that is not zero; `null` if none was found. */
  readonly dataAt: number | null;
  /** Whether every byte was read, or is known to be a hole. */
  readonly isWhole: boolean;
  /** Why the scan is incomplete; `null` if it is complete. */
  readonly problem: string | null;
}

/** Options of {@linkcode scanForData}. */
export interface ScanOptions {
  /** Cancels the scan, which then reports a problem. */
  readonly signal: AbortSignal;
  /** Up to this size in bytes everything is read. {@default 512 MiB} */
  readonly wholeBytes?: number;
  /** Number of samples of a larger device. {@default 4096} */
  readonly samples?: number;
  /** A number from 0 up to 1. {@default Math.random} */
  readonly random?: () => number;
}

const MIB = 2 ** 20;
const BLOCK = 4096;
/** Bytes to read at both ends: they hold the labels of ZFS, arrays, GPT, LUKS and most others. */
const END_BYTES = 8 * MIB;
/** Bytes of one read, in long ranges. */
const CHUNK = MIB;
/** Number of parallel reads: a disk sorts them. */
const AT_ONCE = 4;

/** Block groups of ext2, ext3 and ext4 that have a copy of the superblock; a group has 128 MiB. */
const EXT_GROUPS = [1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729];
/** Places of superblocks other than both ends: the copies of btrfs and ext. */
const KNOWN_PLACES = [64 * MIB, 256 * 2 ** 30, ...EXT_GROUPS.map((group) => group * 128 * MIB)];

/** Scans for bytes that are not zero. */
export async function scanForData(storage: OpenStorage, options: ScanOptions): Promise<Scan> {
  const { signal, wholeBytes = 512 * MIB } = options;
  const ranges = storage.dataRanges();
  const isWhole = ranges.reduce((sum, [start, end]) => sum + end - start, 0) <= wholeBytes;
  const reads = isWhole ? ranges.flatMap(chunksOf) : placesOf(storage.size, ranges, options);
  const waiting = reads.values();
  let done = 0;
  let dataAt: number | null = null;
  const work = async () => {
    const buffer = new Uint8Array(CHUNK);
    for (const [start, end] of waiting) {
      if (dataAt !== null) return;
      signal.throwIfAborted();
      const found = await firstByte(storage, [start, end], buffer);
      if (found !== null) dataAt = Math.min(dataAt ?? Infinity, found);
      done += 1;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const failed = workers.find((worker) => worker.status === "rejected");
  if (failed === undefined || dataAt !== null) return { dataAt, isWhole, problem: null };
  const error: unknown = failed.reason;
  if (!signal.aborted && !(error instanceof HareError)) throw error;
  return {
    dataAt,
    isWhole: false,
    problem: signal.aborted
      ? `only ${done} of ${reads.length} places could be read in time`
      : messageOf(error),
  };
}

function chunksOf([start, end]: Range): readonly Range[] {
  const chunks: Range[] = [];
  for (let at = start; at < end; at += CHUNK) chunks.push([at, Math.min(at + CHUNK, end)]);
  return chunks;
}

/** Both ends and known places first; half of the samples at even distances, half at random. */
function placesOf(
  size: number,
  ranges: readonly Range[],
  { samples = 4096, random = Math.random }: ScanOptions,
): readonly Range[] {
  const blockAt = (offset: number): Range => {
    const start = Math.floor(offset / BLOCK) * BLOCK;
    return [start, Math.min(start + BLOCK, size)];
  };
  const total = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  /** Offset of byte number `n` of the ranges that may have data. */
  const inRanges = (n: number): number => {
    let left = n;
    for (const [start, end] of ranges) {
      if (left < end - start) return start + left;
      left -= end - start;
    }
    return size - 1;
  };
  const strata = Math.ceil(samples / 2);
  const spread = Array.from({ length: strata }, (_, i) => [
    blockAt(inRanges(i / strata * total)),
    blockAt(inRanges((i + random()) / strata * total)),
  ]);
  return [
    ...chunksOf([0, Math.min(END_BYTES, size)]),
    ...chunksOf([Math.max(0, size - END_BYTES), size]),
    ...KNOWN_PLACES.filter((place) => place < size).map(blockAt),
    ...spread.flat(),
  ];
}

/** Offset of the first byte in a range that is not zero. */
async function firstByte(
  storage: OpenStorage,
  [start, end]: Range,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<number | null> {
  for (let at = start; at < end;) {
    const part = buffer.subarray(0, Math.min(buffer.length, end - at));
    const got = await storage.read(part, at);
    if (got === 0) throw new HareError(`there is nothing to read at byte ${at}`);
    const index = indexOfData(part.subarray(0, got));
    if (index !== null) return at + index;
    at += got;
  }
  return null;
}

/** Compares words first, for speed: the input has gigabytes. */
function indexOfData(bytes: Uint8Array<ArrayBuffer>): number | null {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let i = 0;
  while (i < words.length && words[i] === 0) i += 1;
  for (let at = i * 4; at < bytes.length; at++) if (bytes[at] !== 0) return at;
  return null;
}
