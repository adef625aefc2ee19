/**
 * Fids: Mero's 128-bit object identifiers, printed `0x7200000000000001:0x2` (spec: README.md,
 * Words; cfgen.md, Configuration objects). The top byte of the container is the object's type.
 *
 * @module
 */

import { HareError } from "./errors.ts";

/** A fid: container and key, each an unsigned 64-bit number. */
export interface Fid {
  readonly container: bigint;
  readonly key: bigint;
}

/** Type bytes of Mero's configuration objects, by the objects' names. */
export const FID_TYPES = {
  root: 0x74,
  node: 0x6e,
  process: 0x72,
  service: 0x73,
  sdev: 0x64,
  site: 0x53,
  rack: 0x61,
  enclosure: 0x65,
  controller: 0x63,
  drive: 0x6b,
  pool: 0x6f,
  pver: 0x76,
  objv: 0x6a,
  profile: 0x70,
} as const;

/** Name of a type of configuration objects. */
export type FidTypeName = keyof typeof FID_TYPES;

/** A text is no fid. */
export class FidSyntaxError extends HareError {
  override readonly name = "FidSyntaxError";
}

/**
 * The fid of a configuration object made by Hare: container `(type byte << 56) | 1`.
 *
 * @example
 * ```ts
 * import { formatFid, makeFid } from "./fid.ts";
 *
 * if (formatFid(makeFid("process", 9)) !== "0x7200000000000001:0x9") throw new Error("wrong");
 * ```
 */
export function makeFid(type: FidTypeName, key: number | bigint): Fid {
  return { container: (BigInt(FID_TYPES[type]) << 56n) | 1n, key: BigInt(key) };
}

/**
 * Whether it is the fid of an object of this type, made by Hare or by Mero.
 *
 * @example
 * ```ts
 * import { isFidOf, makeFid } from "./fid.ts";
 *
 * if (!isFidOf("process", makeFid("process", 9))) throw new Error("wrong");
 * ```
 */
export function isFidOf(type: FidTypeName, { container }: Fid): boolean {
  return container >> 56n === BigInt(FID_TYPES[type]);
}

/** `0x7200000000000001:0x9`: lower case hexadecimal, no padding. */
export function formatFid(fid: Fid): string {
  return `0x${fid.container.toString(16)}:0x${fid.key.toString(16)}`;
}

const FID = /^(0x[0-9a-f]{1,16}|\d{1,20}):(0x[0-9a-f]{1,16}|\d{1,20})$/i;
const MAX = (1n << 64n) - 1n;

/**
 * Reads `container:key`, each decimal or `0x…`.
 *
 * @throws {FidSyntaxError} when `text` is no fid
 *
 * @example
 * ```ts
 * import { parseFid } from "./fid.ts";
 *
 * if (parseFid("0x7200000000000001:0x10").key !== 16n) throw new Error("wrong");
 * ```
 */
export function parseFid(text: string): Fid {
  const [, container, key] = FID.exec(text) ?? [];
  if (container !== undefined && key !== undefined) {
    const fid = { container: BigInt(container), key: BigInt(key) };
    if (fid.container <= MAX && fid.key <= MAX) return fid;
  }
  throw new FidSyntaxError(`${JSON.stringify(text)} is no fid`, {
    hint: "write container and key, as in 0x7200000000000001:0x9",
  });
}
