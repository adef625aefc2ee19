/**
 * Sizes as people write them: `512`, `64K`, `1G`.
 *
 * @module
 */

import { HareError } from "./errors.ts";

/** A text is no size. */
export class SizeSyntaxError extends HareError {
  override readonly name = "SizeSyntaxError";
}

const UNITS = "KMGT";

/**
 * Bytes of `text`: digits, and perhaps K, M, G or T for powers of 1024.
 *
 * @throws {SizeSyntaxError} when it is no size, or too big for an exact number
 *
 * @example
 * ```ts
 * import { parseSize } from "./size.ts";
 *
 * if (parseSize("64K") !== 65536) throw new Error("wrong");
 * ```
 */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+)([KMGT]?)$/i.exec(text) ?? [];
  const power = unit === undefined || unit === "" ? 0 : UNITS.indexOf(unit.toUpperCase()) + 1;
  const bytes = Number(digits) * 1024 ** power;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new SizeSyntaxError(`${JSON.stringify(text)} is no size`, {
    hint: "write a number of bytes, or one with K, M, G or T, as in 64M",
  });
}

/**
 * A size for people, at most one decimal: `16M`, `7.3T`.
 *
 * @param bytes a whole number, not negative
 *
 * @example
 * ```ts
 * import { formatSize } from "./size.ts";
 *
 * if (formatSize(16 * 1024 ** 2) !== "16M") throw new Error("wrong");
 * if (formatSize(8_001_563_222_016) !== "7.3T") throw new Error("wrong");
 * ```
 */
export function formatSize(bytes: number): string {
  const fits = [...UNITS].findLastIndex((_, i) => bytes >= 1024 ** (i + 1));
  const number = bytes / 1024 ** (fits + 1);
  return `${Number(number.toFixed(1))}${UNITS[fits] ?? ""}`;
}
