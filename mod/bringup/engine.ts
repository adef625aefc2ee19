/**
 * The engine of a bring-up: an ordered list of phases, each worked on by its hosts together, each
 * with a time limit; phases already done are recognised by looking at the world; a failure on one
 * host lets the others finish and is reported with them (spec: bootstrap.md).
 *
 * The engine knows nothing of Consul or of Mero: what a phase does is in `phases/`, one a file.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import { HareError, linesOf, messageOf, TimeLimitError } from "../lib/errors.ts";
import { timeLimit } from "../lib/time_limit.ts";

/** Options of everything that a phase does. */
export interface StepOptions {
  /** Ends with the phase's time limit or with the whole bring-up. */
  readonly signal: AbortSignal;
}

/** One phase of a bring-up over hosts of type `H`. */
export interface Phase<H extends { readonly name: string }> {
  /** Short name, as `--phase` takes it. */
  readonly name: string;
  /** What it does, for people: "start the Consul servers". */
  readonly title: string;
  /** Time limit of the whole phase, in milliseconds. */
  readonly limitMs: number;
  /** The hosts to be worked on, together. */
  readonly hosts: readonly H[];
  /** Whether a host needs nothing any more; looks at the world, not at a marker. */
  readonly isDone?: (host: H, options: StepOptions) => Promise<boolean>;
  /** The work on one host. */
  readonly run: (host: H, options: StepOptions) => Promise<void>;
  /** What must hold over all hosts before the next phase; waits for it. */
  readonly settle?: (options: StepOptions) => Promise<void>;
  /** What `settle` throws says all, without what could not be done before it. {@default false} */
  readonly settleTellsAll?: boolean;
}

/** How a phase ended; `none` when no host takes part in it. */
export type PhaseOutcome = "done" | "already" | "none" | "failed";

/** What the engine tells while it works; one a line with `--json`. */
export type BringUpEvent =
  | {
    readonly event: "phase";
    readonly phase: string;
    readonly number: number;
    readonly of: number;
    readonly title: string;
    readonly hosts: readonly string[];
  }
  | {
    readonly event: "host";
    readonly phase: string;
    readonly host: string;
    readonly outcome: "done" | "already" | "failed";
    readonly seconds: number;
    readonly error?: string;
  }
  | {
    readonly event: "phase-end";
    readonly phase: string;
    readonly outcome: PhaseOutcome;
    readonly seconds: number;
  };

/** Options of {@linkcode runPhases}. */
export interface EngineOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly report: (event: BringUpEvent) => void;
  /** How many hosts are worked on at once. {@default DEFAULT_PARALLEL} */
  readonly parallel?: number | undefined;
  /** Where these phases stand in a longer list. {@default they are all of it} */
  readonly place?: { readonly first: number; readonly of: number } | undefined;
  /** What to do about an error, before what it says itself. */
  readonly hintFor?: ((error: unknown) => string | undefined) | undefined;
}

/** Hosts worked on at once: each costs an ssh or two, and mostly waits. */
export const DEFAULT_PARALLEL = 128;

/** What failed on one host. */
export interface HostFailure {
  readonly host: string;
  readonly error: unknown;
}

/** What a {@linkcode PhaseError} tells of its phase. */
type FailedPhase = Pick<Phase<never>, "name" | "title" | "settleTellsAll">;

/** A phase failed: on these hosts, for these reasons. */
export class PhaseError extends HareError {
  override readonly name = "PhaseError";
  /** Name of the phase. */
  readonly phase: string;
  /** One entry for each host that failed; empty where the phase failed as a whole. */
  readonly failures: readonly HostFailure[];

  /**
   * @param cause why the phase failed as a whole
   * @param hintFor what to do about an error, before what it says itself
   */
  constructor(
    phase: FailedPhase,
    failures: readonly HostFailure[],
    { cause, hintFor }: { readonly cause?: unknown } & Pick<EngineOptions, "hintFor"> = {},
  ) {
    const { name, title, settleTellsAll = false } = phase;
    const lines = cause === undefined
      ? [`could not ${title}:`, ...failures.flatMap(({ host, error }) => hostLines(host, error))]
      : withPrefix(settleTellsAll ? "" : `could not ${title}: `, linesOf(cause));
    const first = cause ?? failures[0]?.error;
    super(
      lines,
      {
        cause: first,
        hint: hintFor?.(first) ?? (first instanceof HareError ? first.hint : undefined) ??
          "mend the cause and run the same command again: what is done already is kept",
      },
    );
    this.phase = name;
    this.failures = failures;
  }
}

/** A phase was cut short: why, and how far its hosts had come where they say so. */
export class CutShortError extends HareError {
  override readonly name = "CutShortError";

  /** @param errors of hosts, and of the phase as a whole under the name `null` */
  constructor(
    phase: string,
    reason: unknown,
    errors: readonly { readonly host: string | null; readonly error: unknown }[],
  ) {
    const why = messageOf(reason);
    const lines = errors.flatMap(({ host, error }) => {
      const [message = "", ...rest] = linesOf(error);
      // Other errors are what cutting short does to programs: ssh is interrupted as well.
      if (message === why || !message.includes(why)) return [];
      const what = message.replace(`${why}: `, "").replace(`: ${why}`, "");
      return [host === null ? `  ${what}` : hostLine(host, what), ...rest];
    });
    super([`${why}, in phase ${phase}${lines.length === 0 ? "" : ":"}`, ...lines], {
      cause: reason,
    });
  }
}

/** The lines of an error about a host, under its name. */
function hostLines(host: string, error: unknown): readonly string[] {
  const [first = "", ...rest] = linesOf(error);
  return [hostLine(host, first), ...rest];
}

/** A line about a host, whose name stands in it once. */
function hostLine(host: string, message: string): string {
  return `  ${message.startsWith(`${host}: `) ? message : `${host}: ${message}`}`;
}

function withPrefix(prefix: string, [first = "", ...rest]: readonly string[]): readonly string[] {
  return [prefix + first, ...rest];
}

/**
 * Runs the phases in order.
 *
 * @throws {PhaseError} when a phase fails, after the other hosts of that phase have ended
 * @throws {CutShortError} when `options.signal` is aborted
 */
export async function runPhases<H extends { readonly name: string }>(
  phases: readonly Phase<H>[],
  options: EngineOptions,
): Promise<void> {
  const { first, of } = options.place ?? { first: 1, of: phases.length };
  for (const [i, phase] of phases.entries()) {
    if (options.signal.aborted) throw new CutShortError(phase.name, options.signal.reason, []);
    options.report({
      event: "phase",
      phase: phase.name,
      number: first + i,
      of,
      title: phase.title,
      hosts: phase.hosts.map(({ name }) => name),
    });
    const started = options.clock.monotonic();
    const end = (outcome: PhaseOutcome) =>
      options.report({
        event: "phase-end",
        phase: phase.name,
        outcome,
        seconds: (options.clock.monotonic() - started) / 1000,
      });
    try {
      end(await runPhase(phase, options));
    } catch (error) {
      end("failed");
      throw error;
    }
  }
}

async function runPhase<H extends { readonly name: string }>(
  phase: Phase<H>,
  options: EngineOptions,
): Promise<PhaseOutcome> {
  const what = `phase ${phase.name} did not end within its time limit of ${phase.limitMs / 1000} s`;
  using limit = timeLimit(phase.limitMs, { reason: () => new TimeLimitError(what) });
  const signal = AbortSignal.any([options.signal, limit.signal]);
  const failures: HostFailure[] = [];
  let worked = false;
  await atMost(options.parallel ?? DEFAULT_PARALLEL, phase.hosts, async (host) => {
    const started = options.clock.monotonic();
    const tell = (outcome: "done" | "already" | "failed", error?: unknown) =>
      options.report({
        event: "host",
        phase: phase.name,
        host: host.name,
        outcome,
        seconds: (options.clock.monotonic() - started) / 1000,
        ...(error === undefined ? {} : { error: messageOf(error) }),
      });
    try {
      if (await phase.isDone?.(host, { signal })) return tell("already");
      worked = true;
      await phase.run(host, { signal });
      tell("done");
    } catch (error) {
      failures.push({ host: host.name, error });
      tell("failed", error);
    }
  });
  const { signal: { aborted, reason }, hintFor } = options;
  if (aborted) throw new CutShortError(phase.name, reason, failures);
  if (failures.length > 0) throw new PhaseError(phase, failures, { hintFor });
  try {
    await phase.settle?.({ signal });
  } catch (cause) {
    if (options.signal.aborted) {
      throw new CutShortError(phase.name, options.signal.reason, [{ host: null, error: cause }]);
    }
    throw new PhaseError(phase, [], { cause, hintFor });
  }
  if (phase.hosts.length === 0) return "none";
  return worked ? "done" : "already";
}

/** Calls `work` for every item, at most `limit` at a time. `work` must not throw. */
async function atMost<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
