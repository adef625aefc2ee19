/**
 * Values as the D-Bus specification marshals them, as far as Hare meets them: bytes, unsigned
 * integers of 32 bits, strings, paths, signatures, arrays, structs and variants. All little-endian:
 * whoever speaks on the bus of a machine is on that machine, and Deno runs on no other kind.
 *
 * @module
 */

import { BusError } from "./errors.ts";

/** A value; that of a variant stands for itself, arrays and structs are lists. */
export type BusValue = number | string | readonly BusValue[];

/** The specification's own limit is 64 for all kinds together. */
const MAX_DEPTH = 64;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });

/** Reads values, one after the other. */
export class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  /**
   * @param bytes from a place on that counts as aligned for all types
   * @param at where to begin
   */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /**
   * Reads the values of a signature.
   *
   * @throws {BusError} when there are no such values
   *
   * @example
   * ```ts
   * import { ValueReader } from "./system_bus_values.ts";
   *
   * const bytes = Uint8Array.of(3, 0, 0, 0, 97, 98, 99, 0, 7, 0, 0, 0);
   * const values = new ValueReader(bytes).read("su");
   * if (values.join() !== "abc,7") throw new Error(values.join());
   * ```
   */
  read(signature: string): readonly BusValue[] {
    return completeTypes(signature).map((type) => this.#value(type, 0));
  }

  #value(type: string, depth: number): BusValue {
    if (depth > MAX_DEPTH) throw new BusError("a value is nested too deeply");
    switch (type[0]) {
      case "y":
        return this.#view.getUint8(this.#skip(1));
      case "u":
        return this.#uint32();
      case "s":
      case "o":
        return this.#text(this.#uint32());
      case "g":
        return this.#text(this.#view.getUint8(this.#skip(1)));
      case "v": {
        const [inner, ...more] = completeTypes(this.#text(this.#view.getUint8(this.#skip(1))));
        if (inner === undefined || more.length > 0) throw new BusError("a variant is of no type");
        return this.#value(inner, depth + 1);
      }
      case "a":
        return this.#array(type.slice(1), depth + 1);
      case "(":
        this.#align(8);
        return completeTypes(type.slice(1, -1)).map((member) => this.#value(member, depth + 1));
      default:
        throw new BusError(`a value is of type ${type}, which is not read here`);
    }
  }

  #array(type: string, depth: number): readonly BusValue[] {
    const length = this.#uint32();
    this.#align(alignmentOf(type));
    const end = this.#at + length;
    const values: BusValue[] = [];
    while (this.#at < end) values.push(this.#value(type, depth));
    if (this.#at !== end) throw new BusError("an array ends within a value");
    return values;
  }

  #uint32(): number {
    this.#align(4);
    return this.#view.getUint32(this.#skip(4), true);
  }

  #text(length: number): string {
    const from = this.#skip(length + 1);
    try {
      return DECODER.decode(this.#bytes.subarray(from, from + length));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new BusError("a text is not UTF-8", { cause: error });
    }
  }

  #align(to: number): void {
    this.#at = alignedTo(to, this.#at);
  }

  /** Goes on by so many bytes, which must be there, and returns where they begin. */
  #skip(count: number): number {
    const from = this.#at;
    if (from + count > this.#bytes.length) throw new BusError("a value ends too early");
    this.#at += count;
    return from;
  }
}

/** Writes values, one after the other. */
export class ValueWriter {
  readonly #bytes: number[] = [];

  /** What has been written. */
  get bytes(): readonly number[] {
    return this.#bytes;
  }

  /** Fills up with zeros to a multiple of `to`. */
  align(to: number): this {
    const end = alignedTo(to, this.#bytes.length);
    while (this.#bytes.length < end) this.#bytes.push(0);
    return this;
  }

  /** Writes bytes as they are. */
  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  /** Writes a value of type `u`. */
  uint32(value: number): this {
    return this.align(4).raw([0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff));
  }

  /** Writes a value of type `s` or `o`. */
  text(value: string): this {
    const bytes = ENCODER.encode(value);
    return this.uint32(bytes.length).raw(bytes).raw([0]);
  }

  /** Writes a value of type `g`. */
  signature(value: string): this {
    return this.raw([value.length]).raw(ENCODER.encode(value)).raw([0]);
  }

  /** Writes a value of type `as`. */
  texts(values: readonly string[]): this {
    const elements = new ValueWriter(); // as aligned as here: a length precedes them
    for (const value of values) elements.text(value);
    return this.uint32(elements.bytes.length).raw(elements.bytes);
  }
}

/** `at`, or the first place after it that is a multiple of `to`. */
export function alignedTo(to: number, at: number): number {
  return Math.ceil(at / to) * to;
}

function alignmentOf(type: string): number {
  switch (type[0]) {
    case "y":
    case "g":
    case "v":
      return 1;
    case "(":
      return 8;
    default:
      return 4;
  }
}

/** The types of a signature: `sa(su)` has `s` and `a(su)`. */
function completeTypes(signature: string): readonly string[] {
  const types: string[] = [];
  for (let from = 0; from < signature.length;) {
    const end = endOfType(signature, from);
    types.push(signature.slice(from, end));
    from = end;
  }
  return types;
}

function endOfType(signature: string, from: number): number {
  switch (signature[from]) {
    case "a":
      return endOfType(signature, from + 1);
    case "(": {
      let at = endOfType(signature, from + 1); // a struct has at least one member
      while (signature[at] !== ")") at = endOfType(signature, at);
      return at + 1;
    }
    case ")":
    case undefined:
      throw new BusError(`${JSON.stringify(signature)} is no signature`);
    default:
      return from + 1;
  }
}
