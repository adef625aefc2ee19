/**
 * The JSON of an event, read by a schema.
 *
 * @module
 */

import * as z from "zod";
import { fidSchema } from "../../kv/broadcast.ts";
import { type FidTypeName, isFidOf } from "../../lib/fid.ts";
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
  return fidSchema.refine(
    (fid) => types.some((type) => isFidOf(type, fid)),
    `it must be the fid of a ${types.join(" or ")}`,
  );
}
