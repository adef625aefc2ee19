/**
 * This process in Consul's catalog: service `hare-rc` with a TTL check that is passed for as long as
 * the process lives. When it dies the check turns critical, and its session, and with that its
 * leadership, end.
 *
 * (A TTL of the session itself would not do: Consul grants it twice over, 20 s at the least.)
 *
 * @module
 */

import {
  type Consul,
  ConsulError,
  type KeptConnection,
  type ServiceInstance,
} from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import { parseDuration } from "../lib/duration.ts";
import { HareError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Instance } from "./instance.ts";
import { patiently } from "./patiently.ts";
import type { Reachability } from "./reachability.ts";
import { exchangeLimitMs, passEveryMs, type Settings } from "./settings.ts";

/** The service, and its id: there is one on a node. */
export const RC_SERVICE = "hare-rc";

/** Id of the service's check. */
export const RC_CHECK = `service:${RC_SERVICE}`;

/** What a {@linkcode Presence} stands on. */
export interface PresenceDeps {
  readonly consul: Consul;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly reachability: Reachability;
  readonly log: Logger;
  /** This process. */
  readonly instance: Instance;
  /** Is told that the check passes again after it was unknown to the agent, or out of reach. */
  readonly onReturn: () => void;
}

/**
 * Another process is this node's coordinator: this process must not touch its service and session.
 */
export class OtherCoordinator extends HareError {
  override readonly name = "OtherCoordinator";
}

/** Longest accepted TTL. The check of a dead process becomes critical within its TTL. */
const LONGEST_TTL_MS = 60_000;
/** Time that the agent may need to notice an expired TTL. */
const MARGIN_MS = 1000;
/** Pause between two reads of such a check. */
const LOOK_MS = 200;

/** Keeps this process registered at its agent. */
export class Presence {
  readonly #deps: PresenceDeps;
  #registered = false;
  #passed = false;
  /** Time of the last update of the check, on the monotonic clock. */
  #lastPass = 0;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  /**
   * Registers this process as the node's service. A dead predecessor is replaced: at once if it
   * held the lock file that this process now holds, otherwise when its check is critical.
   *
   * @throws {OtherCoordinator} when another process continues to pass the check
   * @throws the signal's reason
   */
  async claim(signal: AbortSignal): Promise<void> {
    const ask = <T>(call: () => Promise<T>) => patiently("check", call, this.#deps, signal);
    const other = await ask(() => this.#other(signal));
    if (other !== null) await ask(() => this.#outlive(other, signal));
    await ask(() => this.#register({ signal, timeoutMs: exchangeLimitMs(this.#deps.settings) }));
  }

  /**
   * Ensures that the node's service belongs to this process, or that there is none.
   *
   * @throws {OtherCoordinator} when the service belongs to another process
   */
  async checkOwn(signal: AbortSignal): Promise<void> {
    const service = await this.#service(signal);
    const { id } = this.#deps.instance;
    if (service === null || service.meta.instance === id) return;
    throw otherOf(service, "another process has become this node's coordinator");
  }

  /**
   * Registers the service and keeps passing its check until `signal` is aborted. An agent that has
   * forgotten the service is told of it again; one that is away is waited for.
   *
   * @throws the signal's reason
   * @throws {OtherCoordinator} when another process has become the node's coordinator
   * @throws {ConsulError} when the agent refuses for good, for want of a right
   */
  async keep(signal: AbortSignal): Promise<never> {
    const { clock, consul, settings } = this.#deps;
    using connection = consul.agent.keepConnection();
    while (true) {
      const began = clock.monotonic();
      const passed = await this.#pass(connection, signal);
      if (passed && !this.#passed) this.#deps.onReturn();
      this.#passed = passed;
      const pause = passed ? passEveryMs(settings) : exchangeLimitMs(settings);
      await clock.sleep(Math.max(0, began + pause - clock.monotonic()), signal);
    }
  }

  /**
   * Removes the service from the catalog, if it is there.
   *
   * @throws {OtherCoordinator} when the service belongs to another process
   */
  async withdraw(signal: AbortSignal): Promise<void> {
    await this.checkOwn(signal);
    try {
      await this.#deps.consul.agent.deregisterService(RC_SERVICE, { signal });
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
  }

  /** Registers if needed, passes the check, and says whether the agent took it. */
  async #pass(connection: KeptConnection | undefined, signal: AbortSignal): Promise<boolean> {
    const { consul, settings, reachability, log } = this.#deps;
    const options = { signal, timeoutMs: exchangeLimitMs(settings) };
    try {
      if (!this.#registered) await this.claim(signal);
      // A process that was stopped for so long may count as dead, and may have been replaced.
      if (this.#isLate()) await this.checkOwn(signal);
      await consul.agent.updateCheck(RC_CHECK, "passing", "hare rc is running", {
        ...options,
        connection,
      });
      reachability.recovered("check");
      this.#lastPass = this.#deps.clock.monotonic();
      return true;
    } catch (error) {
      if (isUnknown(error)) {
        log.warn("the agent has forgotten service {service}", { service: RC_SERVICE });
        this.#registered = false;
      } else if (error instanceof ConsulError && error.retryable) {
        reachability.failed("check", error);
      } else {
        throw error;
      }
      return false;
    }
  }

  #isLate(): boolean {
    return this.#deps.clock.monotonic() - this.#lastPass > this.#deps.settings.checkTtlMs;
  }

  async #service(signal: AbortSignal): Promise<ServiceInstance | null> {
    return (await this.#deps.consul.agent.serviceHealth(RC_SERVICE, { signal }))?.service ?? null;
  }

  /** The service's coordinator, unless it is this process or is known to have ended. */
  async #other(signal: AbortSignal): Promise<ServiceInstance | null> {
    const { instance, log } = this.#deps;
    const service = await this.#service(signal);
    if (service === null || service.meta.instance === instance.id) return null;
    if (service.meta.lock !== instance.lock) return service;
    log.info("takes the place of {predecessor}, which has ended", { predecessor: nameOf(service) });
    return null;
  }

  /** Waits until the check of another coordinator shows that it has died. */
  async #outlive(other: ServiceInstance, signal: AbortSignal): Promise<void> {
    const { clock, consul, log } = this.#deps;
    log.info("waits whether {other} lives, which is registered as this node's coordinator", {
      other: nameOf(other),
    });
    const deadline = clock.monotonic() + ttlOf(other) + MARGIN_MS;
    while (true) {
      const now = await consul.agent.serviceHealth(RC_SERVICE, { signal });
      const check = now?.checks.find(({ checkId }) => checkId === RC_CHECK);
      if (check === undefined || check.status === "critical") return;
      if (clock.monotonic() >= deadline) {
        throw otherOf(other, "a recovery coordinator runs on this node already");
      }
      await clock.sleep(LOOK_MS, signal);
    }
  }

  async #register(options: { readonly signal: AbortSignal; readonly timeoutMs: number }) {
    const { clock, consul, instance, settings } = this.#deps;
    const { id, pid, host, since, lock } = instance;
    const ttl = `${settings.checkTtlMs}ms`;
    await consul.agent.registerService({
      id: RC_SERVICE,
      name: RC_SERVICE,
      meta: { instance: id, pid: String(pid), host, since, lock, ttl },
      checks: [{
        checkId: RC_CHECK,
        name: "hare rc",
        notes: "passed by the process itself; critical when it has not been for the TTL",
        ttl,
        status: "passing",
      }],
    }, options);
    this.#registered = true;
    this.#lastPass = clock.monotonic();
  }
}

/** A coordinator of an older Hare does not register the TTL of its check. */
function ttlOf({ meta: { ttl = "" } }: ServiceInstance): number {
  try {
    return Math.min(parseDuration(ttl), LONGEST_TTL_MS);
  } catch (error) {
    if (!(error instanceof HareError)) throw error;
    return LONGEST_TTL_MS;
  }
}

function nameOf({ meta: { pid, host, since } }: ServiceInstance): string {
  return pid === undefined ? "another process" : `process ${pid} on ${host}, since ${since}`;
}

function otherOf(service: ServiceInstance, what: string): OtherCoordinator {
  return new OtherCoordinator(`${what}: ${nameOf(service)}`, {
    hint: "one of the two has to end: `systemctl status hare-rc` shows the one of the unit",
  });
}

/** Whether the agent has said that it does not know the service or its check. */
function isUnknown(error: unknown): boolean {
  return error instanceof ConsulError && error.status === 404;
}
