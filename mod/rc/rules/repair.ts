/**
 * `repair` and `rebalance`: a pool is to be repaired, or rebalanced after a repair. The request is
 * handed to every hax as the pool's new state; Mero does the work:
 * `repair {"fid": "0x6f00000000000001:0x34"}`.
 *
 * @module
 */

import * as z from "zod";
import { formatFid } from "../../lib/fid.ts";
import { fidOf, parseBody } from "./body.ts";
import type { Rule } from "./rule.ts";

const bodySchema = z.object({ fid: fidOf("pool") });

/** The rule for `repair`. */
export const repairRule = request("repair");

/** The rule for `rebalance`. */
export const rebalanceRule = request("rebalance");

function request(type: "repair" | "rebalance"): Rule {
  return {
    type,
    independent: true,
    handle({ body }) {
      const { fid } = parseBody(bodySchema, body);
      return {
        ops: [],
        broadcasts: [{ fid, state: type }],
        outcome: `${type} of pool ${formatFid(fid)} is handed to hax`,
      };
    },
  };
}
