/**
 * `service`: a service within a Mero process has changed its state. That it has started, or has
 * failed while its process runs, is told to all. One that stops does so with its process, whose own
 * event follows: nobody is told twice, and nobody early.
 *
 * @module
 */

import * as z from "zod";
import type { HaState } from "../../kv/broadcast.ts";
import { formatFid } from "../../lib/fid.ts";
import { fidOf, parseBody } from "./body.ts";
import type { Rule } from "./rule.ts";

/** What is told of a service in each state, which have Mero's own names. */
const TOLD = {
  M0_CONF_HA_SERVICE_STARTING: null,
  M0_CONF_HA_SERVICE_STARTED: "online",
  M0_CONF_HA_SERVICE_STOPPING: null,
  M0_CONF_HA_SERVICE_STOPPED: null,
  M0_CONF_HA_SERVICE_FAILED: "failed",
} as const satisfies Readonly<Record<string, HaState | null>>;

const bodySchema = z.object({
  fid: fidOf("service"),
  state: z.literal(Object.keys(TOLD) as (keyof typeof TOLD)[]),
});

/** The rule for `service`. */
export const serviceRule: Rule = {
  type: "service",
  independent: true,
  handle({ body }) {
    const { fid, state } = parseBody(bodySchema, body);
    const said = `service ${formatFid(fid)} is ${state.replace("M0_CONF_HA_SERVICE_", "")}`;
    const told = TOLD[state];
    return told === null ? { ops: [], outcome: said } : {
      ops: [],
      broadcasts: [{ fid, state: told }],
      outcome: `${said}: all are told that it is ${told}`,
    };
  },
};
