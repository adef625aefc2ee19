/**
 * A leader's queue on the model of Consul, and rules whose effects can be seen.
 *
 * @module
 */

import { txn } from "../../mod/consul/mod.ts";
import type { Rule } from "../../mod/rc/rules/mod.ts";
import { FakeClock } from "../lib/fake_clock.ts";
import { type Leader, makeLeader } from "./leader.ts";
import { ModelConsul } from "./model.ts";

/** Writes the type of each event to a list, so that order and repetition can be seen. */
export const listing: Rule = {
  type: "n",
  prefix: true,
  async handle({ type }, { consul }) {
    const list = await consul.kv.get("list");
    const value = list === null ? type : `${list.value} ${type}`;
    return { ops: [txn.cas("list", value, list?.modifyIndex ?? 0)], outcome: "listed" };
  },
};

/** A leader with {@linkcode listing}, and what it stands on. */
export interface QueueWorld extends Leader {
  readonly model: ModelConsul;
  readonly clock: FakeClock;
  /** Has the queue worked off as it is now. */
  work(): Promise<void>;
}

/** Sets a leader up that has `rules` besides {@linkcode listing}. */
export function setUpQueue(...rules: readonly Rule[]): QueueWorld {
  const model = new ModelConsul();
  const clock = new FakeClock(Date.UTC(2026, 10, 24));
  model.lock("mine");
  const leader = makeLeader(model, "mine", clock, [listing, ...rules]);
  const work = async () => {
    const working = leader.queue.work(model.list("eq/"));
    await clock.advance(60_000);
    await working;
  };
  return { model, clock, ...leader, work };
}
