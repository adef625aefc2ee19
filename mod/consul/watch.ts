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
 * - a query waits a minute by default, and has a deadline a little beyond what Consul may take;
 * - a failure that may pass is retried for ever with growing, jittered pauses of 3 s at most, and reported through
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
import type { Answer } from "./answer.ts";
import type { Http } from "./http.ts";
import type { Request } from "./request.ts";

/**
 * Who is asked.
 *
 * - `leader`: Raft's leader, to whom the server at hand passes the question on. It hears of each
 *   change at once; but where its host vanishes the question is never answered.
 * - `both`: the leader, and the server at hand for what it knows itself, and the first answer counts.
 *   So changes are heard of at once, and those that a leader's successor makes are heard of, too,
 *   up to 100 ms later.
 * - `led server`: the server at hand, for who must not go by what is long past. It is a failure when
 *   that server knows no leader, or has not heard of it for 3 s, or answers so late. The first
 *   question, and the first after a failure, goes to the leader: a server that returns to the others
 *   hears of it before it has what it missed.
 */
export type Asked = "leader" | "both" | "led server";

/** Options of every watch. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Longest wait of one query in milliseconds, at most 300000. {@default 60000} */
  readonly waitMs?: number | undefined;
  /** Who is asked. {@default "leader"} */
  readonly asked?: Asked | undefined;
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
/**
 * After a process has ended, its query occupies a connection of the agent for up to this time. One
 * query a minute costs almost nothing.
 */
const WAIT_MS = 60_000;
/** What an answer may take beyond the wait and Consul's own jitter of a sixteenth. */
const MARGIN_MS = 5_000;
/** Raft's leader is heard of several times a second, by a server that may hear of it. */
const LED_MS = 3_000;
const LEADER: Request = { method: "GET", path: "/v1/status/leader" };
const ERROR_PAUSE = { baseMs: 200, maxMs: 3_000 };
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
      const asked = this.#deps.clock.monotonic();
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
      quiet = this.#deps.clock.monotonic() - asked < QUIET_PAUSE.maxMs ? quiet + 1 : 1;
      if (!await this.#pause(backoffMs(quiet, { ...QUIET_PAUSE, random }), signal)) return;
    }
  }

  async #ask(request: Request, index: number, options: WatchOptions): Promise<Answer> {
    const { asked = "leader", signal } = options;
    const waitMs = Math.min(options.waitMs ?? WAIT_MS, MAX_WAIT_MS);
    const isLed = asked === "led server";
    // A first question does not wait, and the leader that it goes to may just have fallen silent.
    const longestMs = isLed && index === 0 ? 0 : waitMs + waitMs / 16;
    const timeoutMs = longestMs + (isLed ? LED_MS : MARGIN_MS);
    const ask = (stale: boolean, signal: AbortSignal) => {
      const query = { ...request.query, stale, index: String(index), wait: `${waitMs}ms` };
      return this.#http.call({ ...request, query }, { signal, timeoutMs });
    };
    switch (asked) {
      case "leader":
        return await ask(false, signal);
      case "both":
        return await firstOf(ask, signal);
      case "led server": {
        // Consul holds back what is for the leader, longer and longer, while there is none.
        if (index === 0) await this.#checkLeader(request, signal);
        const answer = await ask(index > 0, signal);
        if (answer.leaderHeardMs > LED_MS) throw this.#unled(request);
        return answer;
      }
    }
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

/** The first of two answers; when both fail, why Raft's leader has not answered. */
async function firstOf(
  ask: (stale: boolean, signal: AbortSignal) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const over = new AbortController();
  const onAbort = () => over.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.any([ask(false, over.signal), ask(true, over.signal)]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    over.abort();
  }
}
