/**
 * `process`: a Mero process has changed its state. Its node's hax has written the state to
 * `processes/<fid>` in the same transaction that put the event here.
 *
 * That a server has started, or has stopped for good, is told to all others. Only while the record
 * still says so: what was true of an earlier start of the process would hit the present one.
 * m0mkfs, which has the fid of its server, and clients are nobody's business.
 *
 * @module
 */

import * as z from "zod";
import { txn } from "../../consul/mod.ts";
import { fidSchema, type HaState } from "../../kv/broadcast.ts";
import { processKey } from "../../kv/keys.ts";
import {
  parseProcessState,
  type ProcessRecord,
  processRecordSchema,
  type ProcessState,
} from "../../kv/process_state.ts";
import { type Fid, formatFid } from "../../lib/fid.ts";
import { parseBody } from "./body.ts";
import type { Effects, Rule, RuleContext } from "./rule.ts";

const bodySchema = z.object({ fid: fidSchema });

/** What is told of a server in each state. */
const TOLD: Readonly<Record<ProcessState, HaState | null>> = {
  STARTING: null,
  STARTED: "online",
  STOPPING: null,
  STOPPED: "failed",
};

/** The rule for `process`. */
export const processRule: Rule = {
  type: "process",
  independent: true,
  async handle({ body }, context) {
    const { fid } = parseBody(bodySchema, body);
    const event = parseBody(processRecordSchema, body);
    const state = TOLD[event.state];
    const noted = { ops: [], outcome: describe(fid, event) };
    if (event.type !== "M0D" || state === null) return noted;
    return await tell(fid, event, state, context);
  },
};

async function tell(
  fid: Fid,
  event: ProcessRecord,
  state: HaState,
  context: RuleContext,
): Promise<Effects> {
  const said = describe(fid, event);
  const entry = await context.consul.kv.get(processKey(fid));
  const record = entry === null ? null : parseProcessState(entry);
  if (entry === null || record === null) {
    return { ops: [], outcome: `${said}, but is not on record: nobody is told` };
  }
  if (record.state !== event.state || record.generation !== event.generation) {
    return { ops: [], outcome: `${said}, which is past: nobody is told` };
  }
  return {
    ops: [txn.checkIndex(entry.key, entry.modifyIndex)],
    broadcasts: [{ fid, state }],
    outcome: `${said}: all are told that it is ${state}`,
  };
}

function describe(fid: Fid, { state, type, pid }: ProcessRecord): string {
  const details = [type, pid === null ? null : `pid ${pid}`].filter((one) => one !== null);
  const of = details.length === 0 ? "" : ` (${details.join(", ")})`;
  return `process ${formatFid(fid)}${of} is ${state}`;
}
