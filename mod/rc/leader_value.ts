/**
 * Keeps the value of key `leader` correct, for people and other programs. The value must be the
 * leader's name, also after other clients write it (`consul kv put`, `consul kv import`).
 *
 * @module
 */

import { txn } from "../consul/mod.ts";
import { LEADER } from "../kv/keys.ts";
import type { Logger } from "../lib/log.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";

/** Dependencies of {@linkcode keepLeaderValue}. */
export interface LeaderValueDeps extends LeaderDeps {
  readonly leadership: Leadership;
  /** This node's name. */
  readonly node: string;
  readonly log: Logger;
}

/**
 * Corrects the value whenever it is wrong; ends with leadership.
 *
 * @throws the reason of the end of leadership
 */
export async function keepLeaderValue(
  { consul, leadership, log, node, reachability }: LeaderValueDeps,
): Promise<void> {
  const { session, signal } = leadership;
  for await (const entry of consul.kv.watch(LEADER, reachability.watch("value", signal))) {
    if (entry?.session !== session || entry.value === node) continue;
    await leadership.write([txn.set(LEADER, node)], { signal });
    log.warn(
      "key {key} said {value}; this node holds its lock, and has written {node} there again",
      {
        key: LEADER,
        value: JSON.stringify(entry.value.slice(0, MAX_SHOWN)),
        node,
      },
    );
  }
}

const MAX_SHOWN = 100;
