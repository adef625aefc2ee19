/**
 * A program's output, read to its end and kept up to a limit.
 *
 * @module
 */

import { systemClock } from "./clock.ts";

/** A stall of this process may look like silence of the stream, so silence is checked twice. */
const IDLE_LOOKS = 2;

/** Reads a stream. Beyond the limit it keeps the first and the last half, and counts the rest. */
export class BoundedBytes {
  readonly #half: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #first: Block;
  /** The latest bytes are in these two buffers; when one is full, the older one is dropped. */
  #before: Block;
  #last: Block;
  #dropped = 0;
  /** Number of chunks received. */
  #chunks = 0;

  /** @param limit in bytes */
  constructor(stream: ReadableStream<Uint8Array>, limit: number) {
    this.#half = Math.max(1, Math.ceil(limit / 2));
    this.#first = new Block(this.#half);
    this.#before = new Block(this.#half);
    this.#last = new Block(this.#half);
    this.#reader = stream.getReader();
    this.#reading = this.#read();
    this.#reading.catch(() => {}); // text() rethrows it
  }

  /**
   * The kept output as text, after the stream has ended.
   *
   * @param drainMs the stream is cancelled after this many milliseconds without data, and in any
   *   case after ten times as long
   */
  async text(drainMs: number): Promise<string> {
    let ended = false;
    const reading = this.#reading.finally(() => ended = true);
    const over = new AbortController();
    const wait = () => systemClock.sleep(drainMs / IDLE_LOOKS, over.signal);
    try {
      for (let looks = 0, idle = 0; idle < IDLE_LOOKS && looks < 10 * IDLE_LOOKS; looks++) {
        const before = this.#chunks;
        await Promise.race([reading, wait()]);
        if (ended) return this.#kept();
        idle = this.#chunks === before ? idle + 1 : 0;
      }
    } finally {
      over.abort();
    }
    await this.cancel();
    return this.#kept();
  }

  /** Cancels the stream. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (true) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.#chunks += 1;
      this.#keep(value);
    }
  }

  #keep(bytes: Uint8Array): void {
    for (let rest = this.#first.take(bytes); rest.length > 0;) {
      if (this.#last.isFull) {
        this.#dropped += this.#before.bytes.length;
        [this.#before, this.#last] = [this.#last, new Block(this.#half)];
      }
      rest = this.#last.take(rest);
    }
  }

  #kept(): string {
    const last = joined(this.#before.bytes, this.#last.bytes);
    const surplus = Math.max(0, last.length - this.#half);
    const dropped = this.#dropped + surplus;
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (dropped === 0) return decode(joined(this.#first.bytes, last));
    const ends = [this.#first.bytes, last.subarray(surplus)].map(decode);
    return ends.join(`\n… ${dropped} bytes are left out …\n`);
  }
}

const SMALLEST = 4096;

/** A buffer with a maximum capacity; its memory grows with its content. */
class Block {
  readonly #capacity: number;
  #memory = new Uint8Array(0);
  #length = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  get isFull(): boolean {
    return this.#length === this.#capacity;
  }

  /** Stores as many of `bytes` as fit, and returns the rest. */
  take(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, this.#capacity - this.#length);
    const length = this.#length + taken.length;
    if (length > this.#memory.length) {
      const size = Math.min(this.#capacity, Math.max(length, 2 * this.#memory.length, SMALLEST));
      const memory = new Uint8Array(size);
      memory.set(this.bytes);
      this.#memory = memory;
    }
    this.#memory.set(taken, this.#length);
    this.#length = length;
    return bytes.subarray(taken.length);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
