/**
 * The ranges that a scan reads, and its findings.
 *
 * @module
 */

import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import type { OpenStorage, Range } from "./kernel.ts";
import { scanForData, type ScanOptions } from "./zeros.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A device in memory with one byte that is not zero; it records all reads. */
class Device implements OpenStorage {
  readonly reads: Range[] = [];
  failsAt: number | null = null;
  onRead: () => void = () => {};

  constructor(
    readonly size: number,
    readonly dataAt: number | null = null,
    readonly ranges: readonly Range[] = [[0, size]],
  ) {}

  dataRanges(): readonly Range[] {
    return this.ranges;
  }

  read(buffer: Uint8Array<ArrayBuffer>, offset: number): Promise<number> {
    this.onRead();
    const end = Math.min(this.size, offset + buffer.length);
    this.reads.push([offset, end]);
    if (this.failsAt !== null && offset <= this.failsAt && this.failsAt < end) {
      return Promise.reject(new HareError(`cannot be read at byte ${this.failsAt}`));
    }
    buffer.fill(0);
    if (this.dataAt !== null && this.dataAt >= offset && this.dataAt < end) {
      buffer[this.dataAt - offset] = 1;
    }
    return Promise.resolve(Math.max(0, end - offset));
  }

  [Symbol.dispose](): void {}
}

const scan = (device: OpenStorage, options: Partial<ScanOptions> = {}) =>
  scanForData(device, { signal: AbortSignal.timeout(60_000), ...options });

Deno.test("scanForData() reads all of what is small, to the last byte", async () => {
  const size = 3 * MIB + 5;
  for (const at of [0, 1, 4097, 2 * MIB - 1, 2 * MIB, size - 1]) {
    assertEquals(await scan(new Device(size, at)), { dataAt: at, isWhole: true, problem: null });
  }
  assertEquals(await scan(new Device(size)), { dataAt: null, isWhole: true, problem: null });
});

Deno.test("scanForData() reads all data of a sparse file, and no hole", async () => {
  const ranges: Range[] = [[4096, 8192], [GIB, GIB + MIB]];
  const device = new Device(100 * GIB, GIB + 77, ranges);
  assertEquals(await scan(device), { dataAt: GIB + 77, isWhole: true, problem: null });
  const blank = new Device(100 * GIB, null, []);
  assertEquals(await scan(blank), { dataAt: null, isWhole: true, problem: null });
  assertEquals(blank.reads, []);
});

const SIZE = 8 * 2 ** 40;

const PLACES: readonly (readonly [what: string, at: number])[] = [
  ["the first sector", 0],
  ["GFS2, reiserfs, UFS2 and btrfs", 65536],
  ["btrfs's second copy", 64 * MIB],
  ["btrfs's third copy", 256 * GIB],
  ["ext4's first copy", 128 * MIB],
  ["ZFS's labels at the end", SIZE - 512 * 1024 + 128 * 1024],
  ["an array's superblock at the end", SIZE - 8192],
  ["GPT's second copy", SIZE - 512],
];

for (const [what, at] of PLACES) {
  Deno.test(`scanForData() of a large device reads the place of ${what}`, async () => {
    const { dataAt, isWhole } = await scan(new Device(SIZE, at), { samples: 2 });
    assertEquals([dataAt, isWhole], [at, false]);
  });
}

Deno.test("scanForData() of a large device spreads its samples over all of it", async () => {
  const device = new Device(SIZE);
  let seed = 0;
  const random = () => (seed = (seed * 16807 + 11) % 2147483647) / 2147483647;
  assertEquals(await scan(device, { random }), { dataAt: null, isWhole: false, problem: null });
  const samples = device.reads.filter(([start, end]) => end - start === 4096);
  assert(samples.length >= 4096);
  assert(samples.every(([start]) => start % 4096 === 0));
  // Every part of a thousandth has one.
  const parts = new Set(samples.map(([start]) => Math.floor(start / SIZE * 1000)));
  assertEquals(parts.size, 1000);
});

Deno.test("scanForData() says what could not be read, and then proves nothing", async () => {
  const broken = new Device(3 * MIB);
  broken.failsAt = 2 * MIB;
  assertEquals(await scan(broken), {
    dataAt: null,
    isWhole: false,
    problem: `cannot be read at byte ${2 * MIB}`,
  });
  const stop = new AbortController();
  const slow = new Device(100 * MIB);
  slow.onRead = () => {
    if (slow.reads.length === 10) stop.abort();
  };
  const { dataAt, isWhole, problem } = await scan(slow, { signal: stop.signal });
  assertEquals([dataAt, isWhole], [null, false]);
  assert(/^only \d+ of 100 places could be read in time$/.test(problem ?? ""), problem ?? "");
});
