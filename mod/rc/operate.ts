/**
 * What operators order the coordinator to do: pause, go on, lead from another node.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import type { Consul } from "../consul/mod.ts";
import { RC_PAUSED, RC_SWITCHOVER } from "../kv/keys.ts";
import { readLeader, watchLeader } from "../kv/leader.ts";
import { formatOrder, parsePause, type Pause } from "../kv/rc_orders.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import { SESSION_NAME } from "./session.ts";

/**
 * Has events wait. When it returns none is handled any more: every event's transaction has the
 * condition that there is no pause.
 *
 * @returns the pause that was in force already, else `null`
 */
export async function pauseRc(
  consul: Consul,
  pause: Pause,
  signal: AbortSignal,
): Promise<Pause | null> {
  if (await consul.kv.cas(RC_PAUSED, formatOrder(pause), 0, { signal })) return null;
  const entry = await consul.kv.get(RC_PAUSED, { signal });
  return entry === null ? await pauseRc(consul, pause, signal) : parsePause(entry);
}

/** Has events handled again; returns the pause that was in force, if one was. */
export async function resumeRc(consul: Consul, signal: AbortSignal): Promise<Pause | null> {
  const entry = await consul.kv.get(RC_PAUSED, { signal });
  if (entry === null) return null;
  await consul.kv.delete(RC_PAUSED, { signal });
  return parsePause(entry);
}

/** Options of {@linkcode switchOver}. */
export interface SwitchOverOptions {
  /** Node that is to lead; `null`: any but the present one. */
  readonly to: string | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Time limit in milliseconds. */
  readonly limitMs: number;
}

/** A change of leaders that was ordered. */
export interface SwitchedOver {
  readonly from: string;
  readonly to: string;
  /** From the order until the other node led, in milliseconds. */
  readonly ms: number;
}

/** Consul's shortest; the order ends with its giver, this much or twice as much later. */
const ORDER_TTL = "10s";

/** Nodes whose coordinators can be elected: those that have a session. */
export async function candidates(consul: Consul, signal: AbortSignal): Promise<readonly string[]> {
  const sessions = await consul.session.list({ signal });
  return sessions.filter(({ name }) => name === SESSION_NAME).map(({ node }) => node).toSorted();
}

/**
 * Moves leadership, and waits until it has moved. The order lives in a key that goes with this
 * program's session: whatever happens to the program, the nodes are free again soon.
 *
 * @throws {HareError} when nobody leads, or there is no node that could
 * @throws {TimeLimitError} when it has not moved in time; the order is taken back
 */
export async function switchOver(
  consul: Consul,
  { to, clock, signal, limitMs }: SwitchOverOptions,
): Promise<SwitchedOver> {
  const from = (await readLeader(consul, { signal, consistent: true }))?.node ?? null;
  if (from === null) {
    throw new HareError("nobody leads now", { hint: "see `hare rc status`" });
  }
  if (to !== null && isSameNode(to, from)) return { from, to: from, ms: 0 };
  await checkTarget(consul, from, to, signal);
  const began = clock.monotonic();
  const session = await consul.session.create({
    name: "hare rc switchover",
    lockDelay: "0s",
    behavior: "delete",
    ttl: ORDER_TTL,
    nodeChecks: ["serfHealth"],
    serviceChecks: [],
  }, { signal });
  try {
    if (!await consul.kv.acquire(RC_SWITCHOVER, formatOrder({ from, to }), session, { signal })) {
      throw new HareError("somebody else moves leadership just now", { hint: "wait a moment" });
    }
    const leader = await nextLeader(consul, from, signal, limitMs);
    if (leader === null) {
      throw new TimeLimitError(`leadership has not left ${from} within ${limitMs / 1000} s`, {
        hint: "the order is taken back; `hare rc log` tells who leads, the nodes' journals why",
      });
    }
    return { from, to: leader, ms: clock.monotonic() - began };
  } finally {
    // The order goes with it. It must go too when the operator has lost patience.
    await consul.session.destroy(session);
  }
}

async function checkTarget(
  consul: Consul,
  from: string,
  to: string | null,
  signal: AbortSignal,
): Promise<void> {
  const others = (await candidates(consul, signal)).filter((node) => !isSameNode(node, from));
  if (others.length === 0) {
    throw new HareError(`no node but ${from} can lead now`, {
      hint: "`hare rc` runs on every node with a confd; each one's journal says what it waits for",
    });
  }
  if (to !== null && !others.some((node) => isSameNode(node, to))) {
    throw new HareError(`${to} cannot lead now`, { hint: `these can: ${others.join(", ")}` });
  }
}

/** The first leader that is not `from`, or `null` when there is none in time. */
async function nextLeader(
  consul: Consul,
  from: string,
  signal: AbortSignal,
  limitMs: number,
): Promise<string | null> {
  const limit = AbortSignal.timeout(limitMs);
  const options = { signal: AbortSignal.any([signal, limit]) };
  for await (const leader of watchLeader(consul, options)) {
    if (leader !== null && !isSameNode(leader.node, from)) return leader.node;
  }
  signal.throwIfAborted();
  return null;
}
