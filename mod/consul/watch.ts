/**
 * Blocking queries: the present state at once, then each change of it, for years.
 *
 * The rules of the loop:
 *
 * - the first query has index 0, which answers at once; the next has the index of the answer;
 * - an answer whose data are those yielded before is no event, and the next query is made after a
 *   short pause with jitter, longer if such answers keep coming fast;
 * - an index that went backwards (a restored or new Consul, a server that is behind) is no state at
 *   all: the query starts again from 0, and the state read then is yielded whatever it is;
 * - a query waits at most five minutes, and has a deadline a little beyond what Consul may take;
 * - a failure that may pass is retried for ever with growing, jittered pauses, and reported through
 *   `onError` and `onRecovered`; a success resets the count. Other failures end the watch by throwing;
 * - an aborted signal ends it at once, without an error.
 *
 * Between two events several changes may have happened: what is yielded is the state, not each
 * change. What must be seen one by one needs a key of its own.
 *
 * @module
 */

import * as z from "zod";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { ConsulError } from "./errors.ts";
import type { Answer, Http, Request } from "./http.ts";

/** Options of every watch. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Longest wait of one query in milliseconds. {@default 300000} */
  readonly waitMs?: number | undefined;
  /**
   * The server that is asked answers from its own state, which may be a moment behind. Else the
   * question is passed on to Raft's leader, and with a leader whose host vanishes the answer does.
   *
   * `"led"` is for who must not go by what is long past: it is a failure when that server knows no
   * leader, or has not heard of it for 3 s, or answers so late. The first question, and the first after
   * a failure, goes to the leader: a server that returns to the others hears of it before it has what
   * it missed.
   * {@default false}
   */
  readonly stale?: boolean | "led" | undefined;
  /** Is told each failed query that will be retried, and how many have failed in a row. */
  onError?(error: ConsulError, attempt: number): void;
  /** Is told that a query has succeeded after failures. */
  onRecovered?(): void;
}

/** What is watched. */
export interface WatchedQuery<T> {
  readonly request: Request;
  /** The state in an answer. */
  readonly read: (answer: Answer) => T;
  /** Whether two states are the same, by their modify indexes. */
  readonly same: (a: T, b: T) => boolean;
}

/** What a {@linkcode Watcher} stands on. */
export interface WatcherDeps {
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
}

const MAX_WAIT_MS = 300_000;
/** What an answer may take beyond the wait and Consul's own jitter of a sixteenth. */
const MARGIN_MS = 5_000;
/** Raft's leader is heard of several times a second, by a server that may hear of it. */
const LED_MS = 3_000;
const LEADER: Request = { method: "GET", path: "/v1/status/leader" };
const ERROR_PAUSE = { baseMs: 200, maxMs: 10_000 };
const QUIET_PAUSE = { baseMs: 10, maxMs: 250 };

/** Watches queries of one agent. */
export class Watcher {
  readonly #http: Pick<Http, "call" | "address">;
  readonly #deps: WatcherDeps;

  constructor(http: Pick<Http, "call" | "address">, deps: WatcherDeps) {
    this.#http = http;
    this.#deps = deps;
  }

  /**
   * Yields the present state of `query` at once, then each new one.
   *
   * @throws {ConsulError} one that is not retryable
   */
  async *watch<T>(query: WatchedQuery<T>, options: WatchOptions): AsyncIterableIterator<T> {
    const { signal } = options;
    const { random } = this.#deps;
    let index = 0;
    let last: { readonly state: T } | undefined;
    let failures = 0;
    let quiet = 0; // answers without news in a row that came fast
    while (!signal.aborted) {
      const asked = this.#deps.clock.now();
      let answer: Answer;
      let state: T;
      try {
        // After a failure it asks without waiting: who was told of it shall hear of its end.
        answer = await this.#ask(query.request, failures > 0 ? 0 : index, options);
        state = query.read(answer);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ConsulError && error.retryable)) throw error;
        failures += 1;
        options.onError?.(error, failures);
        if (!await this.#pause(backoffMs(failures, { ...ERROR_PAUSE, random }), signal)) return;
        continue;
      }
      if (failures > 0) {
        failures = 0;
        options.onRecovered?.();
      }
      const next = Math.max(1, answer.index ?? 1);
      if (next < index) {
        index = 0;
        last = undefined;
        continue;
      }
      index = next;
      if (last === undefined || !query.same(last.state, state)) {
        last = { state };
        quiet = 0;
        yield state;
        continue;
      }
      quiet = this.#deps.clock.now() - asked < QUIET_PAUSE.maxMs ? quiet + 1 : 1;
      if (!await this.#pause(backoffMs(quiet, { ...QUIET_PAUSE, random }), signal)) return;
    }
  }

  async #ask(request: Request, index: number, options: WatchOptions): Promise<Answer> {
    const { signal, stale: whose } = options;
    const isLed = whose === "led";
    // Consul holds back what is for the leader, longer and longer, while there is none.
    if (isLed && index === 0) await this.#checkLeader(request, signal);
    const stale = isLed ? index > 0 : whose;
    const waitMs = Math.min(options.waitMs ?? MAX_WAIT_MS, MAX_WAIT_MS);
    const query = { ...request.query, stale, index: String(index), wait: `${waitMs}ms` };
    const timeoutMs = waitMs + waitMs / 16 + (isLed ? LED_MS : MARGIN_MS);
    const answer = await this.#http.call({ ...request, query }, { signal, timeoutMs });
    if (isLed && answer.leaderHeardMs > LED_MS) throw this.#unled(request);
    return answer;
  }

  async #checkLeader(request: Request, signal: AbortSignal): Promise<void> {
    const answer = await this.#http.call(LEADER, { signal, timeoutMs: LED_MS });
    if (answer.json(z.string()) === "") throw this.#unled(request);
  }

  #unled({ method, path }: Request): ConsulError {
    const message =
      `${method} ${this.#http.address}${path}: the server that is asked has no leader`;
    return new ConsulError(message, {
      kind: "server",
      retryable: true,
      hint: "an election takes seconds; if it does not end, are most of the servers up?",
    });
  }

  /** Whether the pause went by without an abort. */
  async #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#deps.clock.sleep(ms, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}
