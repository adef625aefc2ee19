/**
 * Timeouts that operators set and remove.
 *
 * @module
 */

import type { Consul } from "../consul/mod.ts";
import { type CasOptions, retryCas } from "../kv/cas_retry.ts";
import { parseTimeoutKey } from "../kv/timeout_key.ts";
import { TIMEOUT_PREFIX } from "../kv/keys.ts";
import { parseDuration } from "../lib/duration.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { addEvent, timeoutKeyFor } from "./timeouts.ts";

/**
 * The key for a time as an operator writes it: a length of time from `now` on, or the time itself
 * as it stands in keys.
 *
 * @param now milliseconds since the Unix epoch
 * @throws {UsageError} when `text` is neither
 *
 * @example
 * ```ts
 * import { timeoutKeyOf } from "./timeouts_by_hand.ts";
 *
 * const now = new Date(2026, 10, 24, 3, 10, 5).getTime();
 * if (timeoutKeyOf("90s", now) !== "timeout/202611240311.35") throw new Error("wrong");
 * ```
 */
export function timeoutKeyOf(text: string, now: number): string {
  const key = TIMEOUT_PREFIX + text.replace(TIMEOUT_PREFIX, "");
  if (parseTimeoutKey(key) !== null) return key;
  try {
    return timeoutKeyFor(now + parseDuration(text));
  } catch (error) {
    if (!(error instanceof HareError)) throw error;
    throw new UsageError(
      `${JSON.stringify(text)} is no time to set a timeout for: ${error.message}`,
      {
        hint: "write how long from now, as in 90s or 5m, or YYYYmmddHHMM.SS, this host's time",
      },
    );
  }
}

/**
 * Adds an event to those that are due at `key`.
 *
 * @throws {TimeLimitError} when others were always faster
 */
export async function putTimeout(
  consul: Consul,
  key: string,
  event: string,
  options: CasOptions,
): Promise<void> {
  await retryCas(`add to ${key}`, async () => {
    const entry = await consul.kv.get(key, options);
    const value = addEvent(entry?.value ?? "", event);
    return await consul.kv.cas(key, value, entry?.modifyIndex ?? 0, options)
      ? { done: true, value: undefined }
      : { done: false, why: "the timeout changed meanwhile at every try" };
  }, options);
}

/**
 * Removes all that is due at `key`, and returns it.
 *
 * @throws {HareError} when nothing is, or it has just fired
 */
export async function removeTimeout(
  consul: Consul,
  key: string,
  signal: AbortSignal,
): Promise<string> {
  const entry = await consul.kv.get(key, { signal });
  if (entry === null || !await consul.kv.deleteCas(key, entry.modifyIndex, { signal })) {
    throw new HareError(`there is no ${key}, or it has just changed`, {
      hint: "`hare timeout list` shows those that there are",
    });
  }
  return entry.value;
}
