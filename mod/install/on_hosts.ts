/**
 * A plan for each host, and then its steps: nothing is done on any host while one has a problem.
 *
 * @module
 */

import type { HostCallOptions } from "../host/host.ts";
import type { SystemdHost } from "../host/systemd.ts";
import { HareError } from "../lib/errors.ts";
import { pooledMap } from "../lib/std/async.ts";
import type { Plan, Problem } from "./plan.ts";
import { doStep, inWords } from "./step.ts";

/** How hosts are gone about. */
export interface OnHostsOptions extends HostCallOptions {
  /** Nothing is changed; what would be is told. */
  readonly dryRun: boolean;
  /** How many hosts are worked on at once. {@default 8} */
  readonly parallel?: number | undefined;
}

/** What became of one host. */
export interface HostOutcome {
  readonly host: string;
  /** What was done there, in words; in a dry run what would be. */
  readonly changes: readonly string[];
  /** What was left as it is, and why. */
  readonly kept: readonly string[];
  /** What is left to do by hand. */
  readonly advice: readonly string[];
  /** Why it failed, or why no host was begun with; none when all is well. */
  readonly problems: readonly Problem[];
}

/** What is done on each host. */
export interface HostWork {
  /** What is to be done there. */
  readonly plan: (host: SystemdHost) => Promise<Plan>;
  /** Looks at what was done, and gives advice. */
  readonly after: (host: SystemdHost, plan: Plan) => Promise<readonly string[]>;
}

/**
 * Plans for all hosts, and then does it.
 *
 * @returns what became of each, in their order
 * @throws the signal's reason when it is aborted
 */
export async function onHosts(
  hosts: readonly SystemdHost[],
  options: OnHostsOptions,
  { plan, after }: HostWork,
): Promise<readonly HostOutcome[]> {
  const plans = await together(hosts, options, async (host, outcome) => {
    const planned = await plan(host);
    outcome.problems.push(...planned.problems.map((problem) => named(host, problem)));
    return planned;
  });
  if (plans.some(({ outcome }) => outcome.problems.length > 0)) {
    return plans.map(({ outcome, result }) => withoutWork(outcome, result, options));
  }
  const done = await together(hosts, options, async (host, outcome) => {
    const planned = plans[hosts.indexOf(host)]?.result;
    if (planned === undefined) throw new TypeError(`there is no plan for ${host.name}`);
    outcome.kept.push(...planned.kept);
    await carryOut(planned, { host, outcome, options });
    if (!options.dryRun) outcome.advice.push(...await after(host, planned));
  });
  return done.map(({ outcome }) => outcome);
}

/** The outcome of a host whose plan is not executed because another host has a problem. */
function withoutWork(
  outcome: Growing,
  plan: Plan | undefined,
  { dryRun }: OnHostsOptions,
): Growing {
  if (plan === undefined || outcome.problems.length > 0) return outcome;
  if (dryRun) {
    return {
      ...outcome,
      changes: plan.steps.map((step) => inWords(step).toDo),
      kept: [...plan.kept],
    };
  }
  return plan.steps.length === 0
    ? outcome
    : { ...outcome, kept: ["all as it was, because another host has a problem"] };
}

/** An outcome that is not known in full yet. */
interface Growing extends HostOutcome {
  readonly changes: string[];
  readonly kept: string[];
  readonly advice: string[];
  readonly problems: Problem[];
}

/** Does something on all hosts; where it fails, the outcome says so. */
async function together<T>(
  hosts: readonly SystemdHost[],
  { signal, parallel = 8 }: OnHostsOptions,
  act: (host: SystemdHost, outcome: Growing) => Promise<T>,
): Promise<readonly { readonly outcome: Growing; readonly result: T | undefined }[]> {
  // Read to its end: this iterator must not be left early, and wraps what is thrown in it.
  const settled = await Array.fromAsync(pooledMap(parallel, hosts, async (host) => {
    const outcome: Growing = { host: host.name, changes: [], kept: [], advice: [], problems: [] };
    const [result] = await Promise.allSettled([act(host, outcome)]);
    return { outcome, result };
  }));
  signal.throwIfAborted();
  return settled.map(({ outcome, result }) => {
    if (result.status === "fulfilled") return { outcome, result: result.value };
    if (!(result.reason instanceof HareError)) throw result.reason;
    outcome.problems.push(named({ name: outcome.host }, result.reason));
    return { outcome, result: undefined };
  });
}

/** A driver's errors name the host already. */
function named({ name }: Pick<SystemdHost, "name">, { message, hint }: Problem): Problem {
  return { message: message.startsWith(`${name}: `) ? message : `${name}: ${message}`, hint };
}

async function carryOut(
  { steps }: Plan,
  { host, outcome, options }: {
    readonly host: SystemdHost;
    readonly outcome: Growing;
    readonly options: OnHostsOptions;
  },
): Promise<void> {
  for (const step of steps) {
    const { toDo, done } = inWords(step);
    if (options.dryRun) {
      outcome.changes.push(toDo);
      continue;
    }
    const stays = await doStep(step, host, options);
    if (stays === null) outcome.changes.push(done);
    else outcome.kept.push(stays);
  }
}
