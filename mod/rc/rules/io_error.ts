/**
 * `io-error`: Mero has met an error of a drive or of the network, and goes on. It is taken note of:
 * one error makes no failed drive. A site that counts them adds a rule of its own (`site.ts`).
 *
 * @module
 */

import * as z from "zod";
import { fidSchema } from "../../kv/broadcast.ts";
import { formatFid } from "../../lib/fid.ts";
import { parseBody } from "./body.ts";
import type { Rule } from "./rule.ts";

const bodySchema = z.looseObject({ fid: fidSchema.optional() });

/** The rule for `io-error`. */
export const ioErrorRule: Rule = {
  type: "io-error",
  independent: true,
  handle({ body }) {
    const { fid } = parseBody(bodySchema, body);
    const where = fid === undefined ? "" : ` at ${formatFid(fid)}`;
    return { ops: [], outcome: `took note of an error${where}` };
  },
};
