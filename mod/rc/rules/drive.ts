/**
 * `drive`: a drive has another state, found by the operating system or told by an operator:
 * `drive {"fid": "0x6b00000000000001:0x11", "state": "failed"}`. All are told. A state that it has
 * already is told again: whoever sends the event again has a reason.
 *
 * @module
 */

import * as z from "zod";
import { HA_STATES } from "../../kv/broadcast.ts";
import { formatFid } from "../../lib/fid.ts";
import { fidOf, parseBody } from "./body.ts";
import type { Rule } from "./rule.ts";

const bodySchema = z.object({ fid: fidOf("drive", "sdev"), state: z.enum(HA_STATES) });

/** The rule for `drive`. */
export const driveRule: Rule = {
  type: "drive",
  independent: true,
  handle({ body }) {
    const { fid, state } = parseBody(bodySchema, body);
    return {
      ops: [],
      broadcasts: [{ fid, state }],
      outcome: `all are told that drive ${formatFid(fid)} is ${state}`,
    };
  },
};
