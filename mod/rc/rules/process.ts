/**
 * `process`: a Mero process has changed its state. Its node's hax has written the state to
 * `processes/<fid>` in the same transaction that put the event here; it is taken note of.
 *
 * @module
 */

import * as z from "zod";
import { processRecordSchema } from "../../kv/process_state.ts";
import { FidSyntaxError, formatFid, parseFid } from "../../lib/fid.ts";
import { type Rule, UnusableEvent } from "./rule.ts";

const bodySchema = z.object({ fid: z.string() });

/** The rule for `process`. */
export const processRule: Rule = {
  type: "process",
  handle({ body }) {
    const { fid } = parse(bodySchema, body);
    const { state, type, pid } = parse(processRecordSchema, body);
    const details = [type, pid === null ? null : `pid ${pid}`].filter((one) => one !== null);
    const of = details.length === 0 ? "" : ` (${details.join(", ")})`;
    return Promise.resolve({ ops: [], outcome: `process ${normal(fid)}${of} is ${state}` });
  },
};

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UnusableEvent(`${issue?.path.join(".") || "its JSON"}: ${issue?.message}`);
}

function normal(fid: string): string {
  try {
    return formatFid(parseFid(fid));
  } catch (error) {
    if (error instanceof FidSyntaxError) throw new UnusableEvent(`fid: ${error.message}`);
    throw error;
  }
}
