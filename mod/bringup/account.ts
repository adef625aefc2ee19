/**
 * How an operation ends that does not succeed: when it was cut short it names what it has started;
 * with `--rollback` it takes back what it has changed.
 *
 * @module
 */

import { HareError, linesOf, messageOf } from "../lib/errors.ts";
import { CutShortError } from "./engine.ts";
import type { Change, Gate, UndoFailure } from "./gate.ts";

/** Options of {@linkcode accountFor}. */
export interface AccountOptions {
  /** What may cut the work short. */
  readonly signal: AbortSignal;
  /** What was changed is taken back. {@default false} */
  readonly rollback?: boolean | undefined;
  /** Advice for an interrupted operation. {@default advice for a cluster of real hosts} */
  readonly hint?: string | undefined;
  /** Done before that begins. */
  readonly beforeRollback?: (() => Promise<void>) | undefined;
}

/**
 * Does `work`, which changes the world through `gate`.
 *
 * @throws {HareError} when `signal` is aborted, with what runs now because of this work
 * @throws {HareError} with `rollback`, when it fails: what could not be taken back is told
 * @throws what `work` throws
 */
export async function accountFor(
  gate: Gate,
  { signal, rollback = false, hint = GO_ON, beforeRollback }: AccountOptions,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const failure = signal.aborted
      ? cutShort(error instanceof CutShortError ? error : signal.reason, gate.made, rollback, hint)
      : error;
    if (!rollback) throw failure;
    await beforeRollback?.();
    throw takenBack(failure, await gate.rollBack());
  }
}

const GO_ON = "the same command goes on from here; `hare shutdown` stops what runs";

function cutShort(
  reason: unknown,
  made: readonly Change[],
  rollback: boolean,
  hint: string,
): HareError {
  const why = linesOf(reason);
  if (rollback) return new HareError(why, { cause: reason });
  const started = startedOn(made);
  const what = started.length === 0 ? "nothing was started" : "this run has started:";
  return new HareError(
    [...why.length === 1 ? [`${why[0]}; ${what}`] : [...why, what], ...started],
    { hint, cause: reason },
  );
}

/** `  ssc-vm1: hare-consul-agent, hare-hax`, a line for each host. */
function startedOn(made: readonly Change[]): readonly string[] {
  const started = made.flatMap(({ where, starts }) =>
    starts === undefined ? [] : { where, starts }
  );
  return [...Map.groupBy(started, ({ where }) => where)]
    .map(([where, units]) => `  ${where}: ${units.map(({ starts }) => starts).join(", ")}`);
}

function takenBack(failure: unknown, left: readonly UndoFailure[]): HareError {
  if (left.length === 0) {
    return new HareError(linesOf(failure), {
      hint: "what this run had changed is taken back; mend the cause and run it again",
      cause: failure,
    });
  }
  const lines = left.map(({ where, what, error }) => `  ${where}: ${what}: ${messageOf(error)}`);
  return new HareError([...linesOf(failure), "not all could be taken back:", ...lines], {
    hint: failure instanceof HareError ? failure.hint : undefined,
    cause: failure,
  });
}
