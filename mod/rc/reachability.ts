/**
 * Says once that Consul is away, and once that it is back, however many loops notice.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { ConsulError, WatchOptions } from "../consul/mod.ts";

/** What a {@linkcode Reachability} stands on. */
export interface ReachabilityDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Is told each failure. */
  readonly onFailure?: (error: ConsulError) => void;
}

/** Keeps track of who can reach Consul and who cannot. */
export class Reachability {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onFailure: (error: ConsulError) => void;
  readonly #failing = new Set<string>();
  /** Time of the first failed call, on the monotonic clock; `null` while Consul answers. */
  #since: number | null = null;
  /** Receives errors about missing rights; the term sets it while it lasts. */
  noteWithheld: ((problem: string) => void) | null = null;
  /** Whether the last that was heard of Consul is an answer. */
  #answers = true;

  constructor(deps: ReachabilityDeps) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onFailure = deps.onFailure ?? (() => {});
  }

  /** Is told that a call for `who` failed and will be made again. */
  failed(who: string, error: ConsulError): void {
    this.#onFailure(error);
    this.#failing.add(who);
    this.#answers = false;
    if (error.kind === "filtered") this.noteWithheld?.(error.message);
    if (this.#since === null) {
      this.#since = this.#clock.monotonic();
      this.#sayAway(error);
    }
    this.#log.debug("{who}: {error}", { who, error: error.message });
  }

  #sayAway(error: ConsulError): void {
    if (error.kind === "filtered") {
      this.#log.error("waiting for a right: {error}", { error: error.message });
    } else {
      this.#log.warn("Consul is away; waiting for it: {error}", { error: error.message });
    }
  }

  /** Is told that a call for `who` succeeded. */
  recovered(who: string): void {
    this.#failing.delete(who);
    this.#answers = true;
    this.#sayIfBack();
  }

  /** Is told that `who` does not ask any more, which says nothing about Consul. */
  forget(who: string): void {
    this.#failing.delete(who);
    this.#sayIfBack();
  }

  #sayIfBack(): void {
    if (this.#since === null || !this.#answers || this.#failing.size > 0) return;
    const away = formatDuration(this.#clock.monotonic() - this.#since);
    this.#since = null;
    this.#log.info("Consul is back after {away}", { away });
  }

  /**
   * Options of a watch by `who`, until `signal` is aborted. It goes on while Raft's leader is being
   * replaced, and shows what its successor writes. What it shows may be a moment behind: it says when
   * to look, and each write has conditions of its own.
   */
  watch(who: string, signal: AbortSignal): WatchOptions {
    signal.addEventListener("abort", () => this.forget(who), { once: true });
    return {
      signal,
      asked: "both",
      onError: (error) => this.failed(who, error),
      onRecovered: () => this.recovered(who),
    };
  }
}
