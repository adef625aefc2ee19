/**
 * A leader at work on the model of Consul.
 *
 * @module
 */

import { loggerOf } from "../../mod/lib/log.ts";
import type { Clock } from "../../mod/lib/clock.ts";
import { Broadcasts } from "../../mod/rc/broadcasts.ts";
import { EventQueue } from "../../mod/rc/event_queue.ts";
import { type LeaderDeps, Leadership } from "../../mod/rc/leadership.ts";
import { History } from "../../mod/rc/history.ts";
import { RcMetrics } from "../../mod/rc/metrics.ts";
import { Mishaps } from "../../mod/rc/mishaps.ts";
import { Numbering } from "../../mod/rc/numbering.ts";
import { Orders } from "../../mod/rc/orders.ts";
import { Reachability } from "../../mod/rc/reachability.ts";
import { bookOf, type Rule, RULES } from "../../mod/rc/rules/mod.ts";
import { Timer } from "../../mod/rc/timer.ts";
import type { ModelConsul } from "./model.ts";

/** What a leader's parts stand on. */
export function leaderDeps(model: ModelConsul, session: string, clock: Clock): LeaderDeps {
  const reachability = new Reachability({ clock, log: loggerOf("rc") });
  return { consul: model.client(session), clock, random: () => 0.5, reachability };
}

/** A leader's parts. */
export interface Leader {
  readonly leadership: Leadership;
  readonly broadcasts: Broadcasts;
  readonly history: History;
  readonly numbering: Numbering;
  readonly orders: Orders;
  readonly metrics: RcMetrics;
  readonly mishaps: Mishaps;
  readonly timer: Timer;
  readonly queue: EventQueue;
}

/** A leader, or one that believes to be it, with `session`. */
export function makeLeader(
  model: ModelConsul,
  session: string,
  clock: Clock,
  rules: readonly Rule[] = RULES,
): Leader {
  const deps = leaderDeps(model, session, clock);
  const leadership = new Leadership(session, deps);
  const log = loggerOf("rc");
  const mishaps = new Mishaps({ clock, log });
  const numbering = new Numbering({ ...deps, leadership, log });
  const common = { ...deps, leadership, node: `node-${session}`, log, mishaps, numbering };
  const history = new History(common);
  const orders = new Orders({ ...common, onChange: () => {} });
  const metrics = new RcMetrics();
  const timer = new Timer(common);
  const queue = new EventQueue({
    ...common,
    history,
    orders,
    metrics,
    rules: bookOf(rules),
    lookAtTimeouts: () => timer.look(),
  });
  const broadcasts = new Broadcasts(common);
  return { leadership, broadcasts, history, numbering, orders, metrics, mishaps, timer, queue };
}
