/**
 * The recovery coordinator (RC): of all nodes' coordinators one leads, takes events from the queue
 * in Consul's KV, one after another, and acts on them.
 *
 * - `election.ts`, `session.ts`, `presence.ts`: who leads;
 * - `leadership.ts`: the fence that makes it safe;
 * - `term.ts`: what the leader does: `event_queue.ts` with `rules/`, and `timer.ts`;
 * - `coordinator.ts`: the loop around it all.
 *
 * @module
 */

export { type CoordinatorOptions, runCoordinator } from "./coordinator.ts";
export { RULES } from "./rules/mod.ts";
export { checkSettings, DEFAULT_SETTINGS, type Settings } from "./settings.ts";
