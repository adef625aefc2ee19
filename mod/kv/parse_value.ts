/**
 * A value in KV, read by a schema.
 *
 * @module
 */

import type * as z from "zod";
import { type KeyValue, KvValueError } from "./errors.ts";

/**
 * The value of `entry` as `schema` reads its text.
 *
 * @throws {KvValueError} naming the key, and what is wrong with the value
 */
export function parseValue<T>(schema: z.ZodType<T, string>, entry: KeyValue): T {
  const result = schema.safeParse(entry.value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new KvValueError(entry, `${issue?.path.join(".") || "the value"}: ${issue?.message}`);
}
