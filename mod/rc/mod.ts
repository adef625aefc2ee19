/**
 * The recovery coordinator (RC): of all nodes' coordinators one leads, takes events from the queue
 * in Consul's KV, one after another, and acts on them.
 *
 * - `election.ts`, `session.ts`, `presence.ts`: who leads;
 * - `leadership.ts`: the fence that makes it safe;
 * - `term.ts`: what the leader does: `event_queue.ts` with `step.ts` and `rules/`, `timer.ts`,
 *   `broadcasts.ts`, `history.ts`;
 * - `orders.ts`: what operators order, and `metrics.ts`: what can be measured;
 * - `coordinator.ts`: the loop around it all.
 *
 * What it does while Consul is not well:
 *
 * | Consul | follower | leader |
 * | --- | --- | --- |
 * | agent away | says so once, asks again with growing pauses up to 2 s (3 s for a watch), says when it is back | the same; its session ends when the check's TTL is over, and another takes the lock; whatever it still tries to write is refused |
 * | on a host that vanishes, and led Raft | hears the rest from its own server, which answers watches by itself; a question that was passed on is given up after 3 s where it is about who leads | the same; the event in hand waits for up to 10 s |
 * | slow | waits: 10 s for an answer, 3 s where it asks who leads, half a second for the check (a quarter of its TTL) | the same; a check passed too late costs leadership, which is safe; a longer TTL bears more |
 * | answers 500, as without a Raft leader | as away: the same call again | the event in hand is committed when Consul takes it again; if an answer was lost, the event's removal tells whether it was committed |
 * | leaves a part out, for want of a right | waits, and says once which right is missing | the same; `hare rc status` shows it; it goes on when the right is granted |
 * | answers 403 | gives its candidacy up, says once which right is missing, and tries again every 10 s | the same; others may lead meanwhile |
 *
 * It never ends because Consul is away, and nothing is lost meanwhile: producers cannot put events
 * on the queue, and those that are there stay.
 *
 * @module
 */

export { type CoordinatorOptions, runCoordinator } from "./coordinator.ts";
export { dropEvent, findEvent, type FoundEvent, listEvents, retryEvent } from "./events.ts";
export { becomeInstance, type Instance, RC_LOCK_FILE } from "./instance.ts";
export { eventsIn, logLines } from "./log_lines.ts";
export { RcMetrics } from "./metrics.ts";
export { DEFAULT_METRICS, serveMetrics } from "./metrics_server.ts";
export { candidates, pauseRc, resumeRc, type SwitchedOver, switchOver } from "./operate.ts";
export { bookOf, RULES, withSiteRules } from "./rules/mod.ts";
export { checkSettings, DEFAULT_SETTINGS, type Settings } from "./settings.ts";
export { type RcStatus, rcStatusLines, readRcStatus } from "./status.ts";
export { readTimeouts } from "./timeouts.ts";
export { putTimeout, removeTimeout, timeoutKeyOf } from "./timeouts_by_hand.ts";
