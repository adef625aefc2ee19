/**
 * The JSON of an event, read by a schema.
 *
 * @module
 */

import * as z from "zod";
import { fidSchema } from "../../kv/broadcast.ts";
import { FID_TYPES, type FidTypeName } from "../../lib/fid.ts";
import { UnusableEvent } from "./rule.ts";

/**
 * What `schema` reads in `body`.
 *
 * @throws {UnusableEvent} saying what is wrong
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UnusableEvent(`${issue?.path.join(".") || "its JSON"}: ${issue?.message}`);
}

/** A fid of an object of one of these types. */
export function fidOf(...types: readonly FidTypeName[]): typeof fidSchema {
  const bytes = types.map((type) => BigInt(FID_TYPES[type]));
  return fidSchema.refine(
    ({ container }) => bytes.includes(container >> 56n),
    `it must be the fid of a ${types.join(" or ")}`,
  );
}
