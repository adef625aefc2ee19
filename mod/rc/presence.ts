/**
 * This process in Consul's catalog: service `hare-rc` with a TTL check that is passed for as long as
 * the process lives. When it dies the check turns critical, and its session, and with that its
 * leadership, end.
 *
 * (A TTL of the session itself would not do: Consul grants it twice over, 20 s at the least.)
 *
 * @module
 */

import { type Consul, ConsulError, type KeptConnection } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
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
  readonly reachability: Reachability;
  readonly log: Logger;
  /** Is told that the check passes again after it was unknown to the agent, or out of reach. */
  readonly onReturn: () => void;
}

/** Keeps this process registered at its agent. */
export class Presence {
  readonly #deps: PresenceDeps;
  #registered = false;
  #passed = false;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  /**
   * Registers the service and keeps passing its check until `signal` is aborted. An agent that has
   * forgotten the service is told of it again; one that is away is waited for.
   *
   * @throws the signal's reason
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

  /** Takes the service out of the catalog, if it is there. */
  async withdraw(signal: AbortSignal): Promise<void> {
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
      if (!this.#registered) await this.#register(options);
      await consul.agent.updateCheck(RC_CHECK, "passing", "hare rc is running", {
        ...options,
        connection,
      });
      reachability.recovered("check");
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

  async #register(options: { readonly signal: AbortSignal; readonly timeoutMs: number }) {
    const { consul, settings } = this.#deps;
    await consul.agent.registerService({
      id: RC_SERVICE,
      name: RC_SERVICE,
      checks: [{
        checkId: RC_CHECK,
        name: "hare rc",
        notes: "passed by the process itself; critical when it has not been for the TTL",
        ttl: `${settings.checkTtlMs}ms`,
        status: "passing",
      }],
    }, options);
    this.#registered = true;
  }
}

/** Whether the agent has said that it does not know the service or its check. */
function isUnknown(error: unknown): boolean {
  return error instanceof ConsulError && error.status === 404;
}
