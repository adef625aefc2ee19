/**
 * Text that must be JSON of a certain shape, as one schema: values in KV, variables, files.
 *
 * @module
 */

import * as z from "zod";

/**
 * A schema for text that holds JSON for `schema`; text that is no JSON is an issue like any other.
 *
 * @example
 * ```ts
 * import * as z from "zod";
 * import { jsonText } from "./json_text.ts";
 *
 * const schema = jsonText(z.object({ pid: z.number() }));
 * if (schema.parse('{"pid": 1}').pid !== 1) throw new Error("wrong");
 * if (schema.safeParse("pid: 1").success) throw new Error("that is no JSON");
 * ```
 */
export function jsonText<T>(schema: z.ZodType<T>): z.ZodType<T, string> {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      context.addIssue({ code: "custom", message: "no JSON" });
      return z.NEVER;
    }
  }).pipe(schema);
}
