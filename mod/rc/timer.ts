/**
 * The leader's timer: sleeps until the earliest timeout is due, and moves it to the event queue.
 *
 * @module
 */

import type { KvEntry } from "../consul/mod.ts";
import { eqKey, TIMEOUT_PREFIX } from "../kv/keys.ts";
import type { Logger } from "../lib/log.ts";
import { Bell } from "./bell.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";
import type { Numbering } from "./numbering.ts";
import { KEY_OPS, moveTimeout, readTimeouts, type Timeout } from "./timeouts.ts";

/** What a {@linkcode Timer} stands on. */
export interface TimerDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly numbering: Numbering;
  readonly log: Logger;
}

/**
 * How often the timer looks at the wall clock, which may be set while it sleeps: what is due then
 * waits no longer than this. (Linux tells of a clock that is set through a `timerfd`, which takes a
 * thread that blocks in a foreign call; a look costs microseconds, and asks Consul nothing.)
 */
const LOOK_EVERY_MS = 1_000;
/** How often the timeouts are read whatever their watch says. */
const READ_EVERY_MS = 60_000;

/** Fires timeouts while leadership lasts. */
export class Timer {
  readonly #deps: TimerDeps;
  readonly #bell: Bell;
  /** What is to come, the earliest first, as it was read last, without what was taken to be fired. */
  #timeouts: readonly Timeout[] = [];
  /** When they were read last, on the monotonic clock. */
  #readAt = -Infinity;
  /** Reported, and not to be reported again. */
  #unreadable: ReadonlyMap<string, string> = new Map();

  constructor(deps: TimerDeps) {
    this.#deps = deps;
    this.#bell = new Bell(deps.clock);
  }

  /** How many times are to come that events are due at. */
  get length(): number {
    return this.#timeouts.length;
  }

  /** Has the timeouts read and looked at anew, soon. */
  look(): void {
    this.#readAt = -Infinity;
    this.#bell.ring();
  }

  /** Keeps the timeouts in view; ends with leadership. */
  async watch(): Promise<void> {
    const { consul, leadership, reachability } = this.#deps;
    const options = reachability.watch("timeouts", leadership.signal);
    for await (const entries of consul.kv.watchPrefix(TIMEOUT_PREFIX, options)) {
      this.#see(entries);
      this.#bell.ring();
    }
  }

  /**
   * Fires what is due, for as long as leadership lasts.
   *
   * @throws the reason of the end of leadership
   */
  async run(): Promise<never> {
    const { clock, leadership } = this.#deps;
    while (true) {
      await this.fireDue();
      const due = this.#timeouts[0]?.due ?? Infinity;
      // deno-lint-ignore clock/wall -- timeouts are due by the wall clock
      const pause = Math.min(due - clock.now(), LOOK_EVERY_MS);
      await this.#bell.wait(Math.max(0, pause), leadership.signal);
    }
  }

  /** Moves all that is due now to the event queue, the earliest first. */
  async fireDue(): Promise<void> {
    const { clock, consul, leadership } = this.#deps;
    if (clock.monotonic() - this.#readAt >= READ_EVERY_MS) {
      this.#readAt = clock.monotonic();
      const { signal } = leadership;
      const list = () => consul.kv.list(TIMEOUT_PREFIX, { signal });
      this.#see(await leadership.patiently("timer", list));
    }
    // deno-lint-ignore clock/wall -- timeouts are due by the wall clock
    const now = clock.now();
    const due = this.#timeouts.filter((timeout) => timeout.due <= now);
    this.#timeouts = this.#timeouts.slice(due.length);
    for (const timeout of due) await this.#fire(timeout);
  }

  async #fire(timeout: Timeout): Promise<void> {
    const { leadership, log, numbering } = this.#deps;
    let atLeast = 0;
    while (true) {
      const { ops, epochs, left } = moveTimeout(timeout, await numbering.read(), atLeast);
      const written = await leadership.write(ops);
      if (written.committed) {
        numbering.committed(ops);
        log.info("{key} is due: {events}", {
          key: timeout.key,
          events: epochs.map((n, i) => `${timeout.events[i]} → ${eqKey(n)}`).join(", ") || "empty",
        });
        if (left > 0) this.look();
        return;
      }
      const failed = written.errors.map(({ index }) => index);
      // Somebody changed or removed it: the watch shows what it is now.
      if (failed.some((index) => index < KEY_OPS)) return;
      // A number may be taken by an entry typed by hand; else only the counter has moved on.
      const taken = epochs[Math.max(...failed) - KEY_OPS - 1];
      if (taken !== undefined) atLeast = taken + 1;
    }
  }

  #see(entries: readonly KvEntry[]): void {
    const { timeouts, unreadable } = readTimeouts(entries);
    for (const [key, why] of unreadable) {
      if (!this.#unreadable.has(key)) this.#deps.log.warn("{key} is left: {why}", { key, why });
    }
    this.#timeouts = timeouts;
    this.#unreadable = unreadable;
  }
}
