/**
 * Telling every hax the state of an object.
 *
 * @module
 */

import { txn, type TxnOp } from "../../consul/mod.ts";
import { type Broadcast, formatBroadcast } from "../../kv/broadcast.ts";
import { enqueueOps } from "../../kv/enqueue.ts";
import { BQ_PREFIX, EPOCH, stateKey } from "../../kv/keys.ts";
import type { RuleContext } from "./rule.ts";

/**
 * Operations that put a state on the broadcast queue, and keep it as the object's last one: for a
 * hax that was away, and for whoever asks later.
 */
export async function broadcastOps(
  broadcast: Broadcast,
  { consul, atLeast }: RuleContext,
): Promise<readonly TxnOp[]> {
  const value = formatBroadcast(broadcast);
  const { ops } = enqueueOps(await consul.kv.get(EPOCH), BQ_PREFIX, [value], atLeast);
  return [...ops, txn.set(stateKey(broadcast.fid), value)];
}
