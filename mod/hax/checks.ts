/**
 * The checks of this node's services: hax tells its Consul agent how each of them is, at once when
 * that is different, and again before the time of the check runs out.
 *
 * They are TTL checks, and all updates go over one kept connection. An agent that asks hax itself
 * opens a connection for each question, which costs several times as much, and it is late by its
 * interval.
 *
 * @module
 */

import { CHECK_TTL_SECONDS, checkId, serviceNames } from "../agent/services.ts";
import { type Consul, ConsulError, type UpdateOptions } from "../consul/mod.ts";
import type { ConfProcess } from "../kv/cluster.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { Counter, type Metric } from "../lib/metrics.ts";
import type { Health } from "./health.ts";
import { Rounds } from "./rounds.ts";

/** What {@linkcode Checks} stand on. */
export interface ChecksDeps {
  readonly consul: Pick<Consul, "isLed"> & {
    readonly agent: Pick<Consul["agent"], "keepConnection" | "updateCheck">;
  };
  readonly clock: Clock;
  readonly log: Logger;
  /** This node's processes, as the configuration has them now. */
  readonly own: () => readonly ConfProcess[];
  /** How a process is. */
  readonly healthOf: (fid: Fid) => Health | null;
}

/** How often it is looked at how the processes are, even if nobody says that this is different. */
const LOOK_EVERY_MS = 1_000;
/**
 * How long a service is in warning before it turns critical, which ends sessions: where another m0d is
 * there by then, its confd's death costs no leadership.
 */
const CRITICAL_AFTER_MS = 2_000;
/** The agent answers from memory. */
const TIMEOUT_MS = 2_000;

/** One check, and what is known of it. */
interface Check {
  readonly id: string;
  readonly fid: Fid;
  readonly renewMs: number;
}

/** What the agent was told last of a check. */
interface Told extends Health {
  readonly atMs: number;
}

/** Keeps the checks. */
export class Checks {
  readonly #deps: ChecksDeps;
  readonly #rounds: Rounds;
  readonly #told = new Map<string, Told>();
  /** What was told before counts for nothing. */
  #anewFromMs = -Infinity;
  /** Since when services are critical, by check. */
  readonly #criticalSince = new Map<string, number>();
  /** Why the agent does not take an update, by check, as it was last said. */
  readonly #refusals = new Map<string, string>();
  readonly #updates = new Counter(
    "hare_hax_check_updates_total",
    "Updates of the checks of this node's services.",
  );

  constructor(deps: ChecksDeps) {
    this.#deps = deps;
    this.#rounds = new Rounds({ ...deps, everyMs: LOOK_EVERY_MS });
  }

  /** Has it looked at soon how the processes are. */
  ask(): void {
    this.#rounds.ask();
  }

  /** Has the agent told of every check soon: it may have been started anew. */
  tellAnew(): void {
    this.#anewFromMs = this.#deps.clock.monotonic();
    this.#rounds.ask();
  }

  /**
   * Keeps the checks until `signal` is aborted; an agent that is away is waited for.
   *
   * @throws the signal's reason
   */
  async run(signal: AbortSignal): Promise<never> {
    using connection = this.#deps.consul.agent.keepConnection();
    return await this.#rounds.run(async (signal) => {
      for (const check of this.#checks()) {
        const health = this.#dueFor(check);
        if (health === null) continue;
        const isThere = await this.#tell(check, health, { signal, connection });
        if (!isThere) return;
      }
    }, signal);
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    return [this.#updates.metric()];
  }

  #checks(): readonly Check[] {
    return this.#deps.own().flatMap((process) =>
      serviceNames(process).map((name) => ({
        id: checkId(process, name),
        fid: process.fid,
        renewMs: CHECK_TTL_SECONDS[name] * 1000 / 3,
      }))
    );
  }

  /** What the agent is to be told of a check now, if anything. */
  #dueFor({ id, fid, renewMs }: Check): Health | null {
    const found = this.#deps.healthOf(fid);
    if (found === null) return null;
    const told = this.#told.get(id);
    const held = this.#held(id, found);
    // Without a leader the agent cannot forward a change. It would search for a leader with its
    // state locked, accept no update of any check meanwhile, and let all checks expire.
    const health = this.#deps.consul.isLed ? held : told ?? held;
    const isKnown = told?.level === health.level && told.why === health.why &&
      told.atMs >= Math.max(this.#anewFromMs, this.#deps.clock.monotonic() - renewMs);
    return isKnown ? null : health;
  }

  /** In warning, where it was not critical just now. */
  #held(id: string, health: Health): Health {
    if (health.level !== "critical") {
      this.#criticalSince.delete(id);
      return health;
    }
    const now = this.#deps.clock.monotonic();
    const since = this.#criticalSince.get(id) ?? now;
    this.#criticalSince.set(id, since);
    // A hax that has just been started does not know since when it is so.
    const wasBetter = (this.#told.get(id)?.level ?? "critical") !== "critical";
    return wasBetter && now - since < CRITICAL_AFTER_MS ? { ...health, level: "warning" } : health;
  }

  /** Tells the agent, and returns whether it is there to be told. */
  async #tell({ id }: Check, { level, why }: Health, options: UpdateOptions): Promise<boolean> {
    const { consul, clock, log } = this.#deps;
    const told = { level, why, atMs: clock.monotonic() };
    try {
      await consul.agent.updateCheck(id, level, why, { ...options, timeoutMs: TIMEOUT_MS });
      this.#refusals.delete(id);
      this.#updates.add({ outcome: "taken" });
    } catch (error) {
      if (!(error instanceof ConsulError)) throw error;
      if (error.status === undefined) {
        this.#updates.add({ outcome: "unanswered" });
        return false;
      }
      // It may know the check, or let hax tell of it, by the next time.
      this.#updates.add({ outcome: "refused" });
      if (this.#refusals.get(id) !== error.message) {
        log.warn("the agent does not take how {id} is: {why}", { id, why: error.message });
        this.#refusals.set(id, error.message);
      }
    }
    this.#told.set(id, told);
    return true;
  }
}
