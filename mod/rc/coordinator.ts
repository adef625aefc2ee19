/**
 * The recovery coordinator of one node: takes part in the election for as long as the process
 * lives, and does the leader's work while it leads.
 *
 * @module
 */

import { type Consul, ConsulError } from "../consul/mod.ts";
import { IMPORTED, LEADER } from "../kv/keys.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { stackOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { runTogether } from "../lib/run_together.ts";
import { Bell } from "./bell.ts";
import { Election, sentenceOf, type Standing } from "./election.ts";
import type { Instance } from "./instance.ts";
import { isForbidden } from "./leadership.ts";
import { patiently } from "./patiently.ts";
import { OtherCoordinator, Presence } from "./presence.ts";
import { Reachability } from "./reachability.ts";
import type { RcMetrics } from "./metrics.ts";
import { Orders } from "./orders.ts";
import type { Rulebook } from "./rules/mod.ts";
import type { Settings } from "./settings.ts";
import { Term } from "./term.ts";

/** What {@linkcode runCoordinator} needs. */
export interface CoordinatorOptions {
  readonly consul: Consul;
  readonly settings: Settings;
  readonly rules: Rulebook;
  readonly metrics: RcMetrics;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** This process, which holds the node's lock file. */
  readonly instance: Instance;
  /** Stop: finish the event in hand, hand leadership over, end. */
  readonly signal: AbortSignal;
  /** Is told where this node stands in the election, from its first cycle on. */
  readonly onStanding?: ((said: string) => void) | undefined;
}

/**
 * Runs until `signal` is aborted. If Consul is away or refuses a right, the coordinator waits.
 *
 * @throws {OtherCoordinator} when another process is this node's coordinator
 */
export async function runCoordinator(options: CoordinatorOptions): Promise<void> {
  const { metrics, signal } = options;
  const onFailure = ({ kind }: ConsulError) => metrics.consulError(kind);
  const reachability = new Reachability({ ...options, onFailure });
  const deps = { ...options, reachability };
  try {
    await withRights(deps, async () => {
      const self = () => options.consul.agent.self({ signal });
      const { nodeName } = await patiently("start", self, deps, signal);
      await waitForImport(deps);
      await new Coordinator(nodeName, deps).run();
    });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}

interface Deps extends CoordinatorOptions {
  readonly reachability: Reachability;
}

/**
 * Runs `candidacy`. When a missing right has ended it, runs it again after a pause: an operator may
 * grant the right at any time.
 */
async function withRights(deps: Deps, candidacy: () => Promise<void>): Promise<void> {
  const { clock, log, metrics, random, signal } = deps;
  let said = "";
  for (let refusals = 1;; refusals++) {
    try {
      return await candidacy();
    } catch (error) {
      if (signal.aborted || !(error instanceof ConsulError && isForbidden(error))) throw error;
      metrics.consulError(error.kind);
      if (error.message !== said) {
        log.error("waiting for a right: {error} ({hint})", {
          error: error.message,
          hint: error.hint,
        });
      }
      said = error.message;
    }
    await clock.sleep(backoffMs(refusals, { ...RIGHTS_PAUSE, random }), signal);
  }
}

/** Before the import has ended, what stands in KV is no configuration. */
async function waitForImport({ consul, reachability, log, signal }: Deps): Promise<void> {
  for await (const entry of consul.kv.watch(IMPORTED, reachability.watch("start", signal))) {
    if (entry !== null) return;
    log.info("waits for the configuration to be imported: there is no key {key}", {
      key: IMPORTED,
    });
  }
  signal.throwIfAborted();
}

/** How long a state that does not change is trusted before it is read again. */
const RECONCILE_MS = 15_000;
/** Pauses between two cycles while Consul is away. */
const AWAY_PAUSE = { baseMs: 100, maxMs: 2000 };
/** Pauses between two candidacies while Consul refuses a right. */
const RIGHTS_PAUSE = { baseMs: 1000, maxMs: 10_000 };
/** Pauses of a candidacy whose term has failed unexpectedly. */
const REST = { baseMs: 1000, maxMs: 60_000 };
/** Time for giving up lock, session and service at the end. */
const RETIRE_LIMIT_MS = 3000;

/** The loop around {@linkcode Election.runCycle}: it owns the waiting, the watching and the term. */
class Coordinator {
  readonly #node: string;
  readonly #deps: Deps;
  readonly #bell: Bell;
  readonly #orders: Orders;
  readonly #election: Election;
  readonly #presence: Presence;
  #term: Term | null = null;
  #said = "";
  /** Failed terms in a row, and whether the lock must still be released after the last one. */
  #failedTerms = 0;
  #mustRest = false;

  constructor(node: string, deps: Deps) {
    this.#node = node;
    this.#deps = deps;
    this.#bell = new Bell(deps.clock);
    this.#orders = new Orders({ ...deps, onChange: () => this.#bell.ring() });
    this.#election = new Election({
      ...deps,
      node,
      switchover: () => this.#orders.switchover,
      endTerm: () => this.#endTerm("the lock was free"),
      checkOwn: (signal) => this.#presence.checkOwn(signal),
    });
    deps.metrics.isPaused = () => this.#orders.paused;
    this.#presence = new Presence({ ...deps, onReturn: () => this.#bell.ring() });
  }

  async run(): Promise<void> {
    // Only after it is certain that no other process is the coordinator: its session must stay.
    await this.#presence.claim(this.#deps.signal);
    try {
      await runTogether([
        // The check is passed until the event in hand at the end is finished.
        (end) => this.#presence.keep(end),
        (end) => this.#watchLeader(end),
        (end) => this.#orders.watch(end),
        (end) => this.#campaign(AbortSignal.any([this.#deps.signal, end])),
      ]);
    } finally {
      await this.#retire();
    }
  }

  async #watchLeader(signal: AbortSignal): Promise<void> {
    const { consul, reachability } = this.#deps;
    for await (const _ of consul.kv.watch(LEADER, reachability.watch("leader", signal))) {
      this.#bell.ring();
    }
  }

  async #campaign(signal: AbortSignal): Promise<never> {
    try {
      for (let failures = 0;;) {
        const standing = await this.#cycle(signal);
        failures = standing === null ? failures + 1 : 0;
        if (standing !== null) await this.#stand(standing, signal);
        if (this.#mustRest) await this.#rest(signal);
        else await this.#bell.wait(this.#pauseMs(standing, failures), signal);
      }
    } finally {
      await this.#endTerm("this process stops");
    }
  }

  /** One cycle of the election; `null` when Consul is away, and nothing known to have changed. */
  async #cycle(signal: AbortSignal): Promise<Standing | null> {
    const { reachability } = this.#deps;
    try {
      const standing = await this.#election.runCycle(signal);
      reachability.recovered("election");
      return standing;
    } catch (error) {
      if (!(error instanceof ConsulError && error.retryable)) throw error;
      reachability.failed("election", error);
      return null;
    }
  }

  /** Makes this node what it is found to be. */
  async #stand(standing: Standing, signal: AbortSignal): Promise<void> {
    const session = standing.is === "leading" ? standing.session : null;
    const said = sentenceOf(standing);
    if (this.#term?.isOver || this.#term?.session !== session) await this.#endTerm(said);
    if (this.#mustRest) return;
    if (said !== this.#said) {
      this.#deps.log.info("{node} {said}", { node: this.#node, said });
      this.#deps.onStanding?.(said);
    }
    this.#said = said;
    if (session !== null) this.#term ??= this.#begin(session);
    const order = this.#orders.voidOrder;
    if (order !== null) await this.#term?.discard(order);
    if (standing.is === "stepping-down") {
      await patiently("election", () => this.#election.stepDown(signal), this.#deps, signal);
      this.#bell.ring();
    }
  }

  /**
   * Ends the term, if there is one. A failed term is a bug in Hare: it is logged, and another node
   * may lead meanwhile. The process continues, because it is still needed as a candidate.
   *
   * @throws {ConsulError} when Consul has refused because a right is missing
   */
  async #endTerm(reason: string): Promise<void> {
    const term = this.#term;
    this.#term = null;
    try {
      await term?.end(reason);
      if (term !== null) this.#failedTerms = 0;
    } catch (error) {
      if (isForbidden(error)) throw error;
      this.#failedTerms += 1;
      this.#mustRest = true;
      this.#deps.log.error("the term has failed: {stack}", { stack: stackOf(error) });
    }
  }

  /** Releases leadership, and does not compete for it for a while. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { clock, log, random } = this.#deps;
    await patiently("election", () => this.#election.stepDown(signal), this.#deps, signal);
    const pause = REST.baseMs + backoffMs(this.#failedTerms, { ...REST, random });
    log.warn("{node} leaves leadership to others for {time}", {
      node: this.#node,
      time: formatDuration(pause),
    });
    this.#said = "";
    await clock.sleep(pause, signal);
    this.#mustRest = false;
  }

  #begin(session: string): Term {
    return new Term(session, {
      ...this.#deps,
      node: this.#node,
      orders: this.#orders,
      onOver: () => this.#bell.ring(),
    });
  }

  #pauseMs(standing: Standing | null, failures: number): number {
    if (standing === null) {
      return backoffMs(failures, { ...AWAY_PAUSE, random: this.#deps.random });
    }
    return standing.is === "waiting" ? standing.retryMs : RECONCILE_MS;
  }

  /** Hands over: the lock, then the session, then the place in the catalog. */
  async #retire(): Promise<void> {
    const { log } = this.#deps;
    const limit = AbortSignal.timeout(RETIRE_LIMIT_MS);
    try {
      await this.#election.resign(limit);
      await this.#presence.withdraw(limit);
      log.info("{node} has given up its candidacy", { node: this.#node });
    } catch (error) {
      if (error instanceof OtherCoordinator) return; // the other process has registered
      if (!(error instanceof ConsulError) && !limit.aborted) throw error;
      log.warn("{node} could not hand over: its session ends with its check", {
        node: this.#node,
      });
    }
  }
}
