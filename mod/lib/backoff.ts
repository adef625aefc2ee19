/**
 * How long to wait before the next try: exponential, bounded, with full jitter, so that many
 * callers that failed together do not return together.
 *
 * @module
 */

/** Bounds of {@linkcode backoffMs}. */
export interface BackoffOptions {
  /** Longest pause after the first failure, in milliseconds. {@default 100} */
  readonly baseMs?: number;
  /** Longest pause ever, in milliseconds. {@default 10000} */
  readonly maxMs?: number;
  /** Number in [0, 1). {@default Math.random} */
  readonly random?: () => number;
}

/**
 * Pause in milliseconds after failure number `attempt` (the first is 1).
 *
 * @example
 * ```ts
 * import { backoffMs } from "./backoff.ts";
 *
 * const pause = backoffMs(3, { baseMs: 100, maxMs: 1000, random: () => 0.5 });
 * if (pause !== 200) throw new Error(`half of 400, not ${pause}`);
 * ```
 */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { baseMs = 100, maxMs = 10_000, random = Math.random } = options;
  return random() * Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt - 1));
}
