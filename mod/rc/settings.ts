/**
 * How fast leadership moves, and what that costs.
 *
 * Two numbers decide how long a cluster has no leader after a leader's process died: Consul sees
 * the death when the check's TTL runs out, and lets nobody take the lock until the lock delay is
 * over. With the defaults, 2 s and 1 s, that is 2 to 3 s. (A leader that is asked to stop releases
 * the lock itself, and none of this is waited for.)
 *
 * - A shorter TTL finds a dead leader sooner, and costs more: the check is passed twice in each
 *   TTL. It also takes a machine that is merely slow for dead: an instance may fail to reach its
 *   agent for half a TTL before its session ends.
 * - The lock delay is no part of what makes the coordinator safe: that is the fence
 *   (`leadership.ts`). It only gives a leader that lives, but has lost its session, the time to
 *   hear of it before its successor begins.
 *
 * Both follow from how long one exchange with the agent may take, which is a quarter of the TTL:
 * a check is passed each half TTL, so that one that failed can be passed again before the TTL runs
 * out (`½ + 2 × ¼ ≤ 1`); and the lock delay must not be shorter than such an exchange.
 *
 * @module
 */

import { formatDuration } from "../lib/duration.ts";
import { UsageError } from "../lib/errors.ts";

/** Settings of the election. */
export interface Settings {
  /** TTL of the check of service `hare-rc`, in milliseconds. */
  readonly checkTtlMs: number;
  /** How long Consul keeps the lock of a lost session from everybody, in milliseconds. */
  readonly lockDelayMs: number;
}

/** What `hare rc` takes when it is told nothing else. */
export const DEFAULT_SETTINGS: Settings = { checkTtlMs: 2000, lockDelayMs: 1000 };

/** Below this the pauses of an ordinary machine cost leadership; above it nobody wants to wait. */
const TTL_RANGE_MS = [1000, 60_000] as const;
/** Consul's own limit. */
const MAX_LOCK_DELAY_MS = 60_000;

/** Pause between two passes of the check, in milliseconds. */
export function passEveryMs(settings: Settings): number {
  return settings.checkTtlMs / 2;
}

/** Time limit of one exchange with the agent about the check, in milliseconds. */
export function exchangeLimitMs(settings: Settings): number {
  return settings.checkTtlMs / 4;
}

/**
 * Refuses settings that do not hold together.
 *
 * @throws {UsageError} saying what does not, and what would
 */
export function checkSettings(settings: Settings): void {
  const { checkTtlMs, lockDelayMs } = settings;
  const [shortest, longest] = TTL_RANGE_MS;
  if (!(checkTtlMs >= shortest && checkTtlMs <= longest)) {
    throw new UsageError(`a check TTL of ${formatDuration(checkTtlMs)} is out of range`, {
      hint: `choose one from ${formatDuration(shortest)} to ${longest / 1000} s`,
    });
  }
  const least = exchangeLimitMs(settings);
  if (!(lockDelayMs >= least && lockDelayMs <= MAX_LOCK_DELAY_MS)) {
    throw new UsageError(
      `a lock delay of ${formatDuration(lockDelayMs)} does not go with a check TTL of ${
        formatDuration(checkTtlMs)
      }`,
      {
        hint: `a leader that lost its session may hear of it a quarter of the TTL later: ` +
          `choose one from ${formatDuration(least)} to ${MAX_LOCK_DELAY_MS / 1000} s`,
      },
    );
  }
}
