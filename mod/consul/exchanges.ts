/**
 * HTTP exchanges that continue after their caller has cancelled.
 *
 * A Consul agent works on a request until the request is complete, and keeps the connection until
 * then, even when the client has closed its side. A client that closes and retries therefore uses
 * up the agent's connections: by default the agent accepts 200 from one address and answers 429 to
 * more.
 *
 * So when a caller cancels, the exchange continues, and it counts until the agent has answered:
 *
 * - each lane (requests of one kind) has at most {@linkcode MAX_IN_LANE} cancelled exchanges, and
 *   all lanes together have {@linkcode MAX_GIVEN_UP}; a further request waits until one of them
 *   ends;
 * - the next identical blocking query takes over a cancelled blocking query;
 * - a connection is closed only when the agent is no longer expected to answer.
 *
 * @module
 */

import { orAborted } from "../lib/or_aborted.ts";

/** Maximum number of cancelled exchanges of one lane that are still unanswered. */
export const MAX_IN_LANE = 8;
/** Maximum number of cancelled exchanges of all lanes that are still unanswered. */
export const MAX_GIVEN_UP = 48;
/**
 * An agent that answers other requests answers this one within this time, even without a leader.
 */
const LIFE_MS = 120_000;
/** After this time no answer is expected, even if the agent answers no request at all. */
const LONGEST_LIFE_MS = 900_000;

/** One exchange, for its caller. */
export interface ExchangeOptions {
  /** Requests of the same lane share a limit. */
  readonly lane: string;
  /**
   * Identifies the question, if the answer to an earlier identical question is acceptable.
   * `undefined` if it is not.
   */
  readonly question?: string | undefined;
  /** Cancels the call; the exchange continues. */
  readonly giveUp: AbortSignal;
  /** How long a healthy agent may take for this request, in milliseconds. */
  readonly expectedMs: number;
}

interface Exchange<T> {
  readonly lane: string;
  readonly question: string | undefined;
  readonly answer: Promise<T>;
  /** Closes the connection. */
  readonly close: AbortController;
  isOver: boolean;
  closeTimer: number | undefined;
}

/** The exchanges with one agent. */
export class Exchanges<T> implements Disposable {
  readonly #givenUp = new Set<Exchange<T>>();
  readonly #waiting = new Set<() => void>();
  readonly #nowMs: () => number;
  #answeredAtMs = -Infinity;

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Number of cancelled exchanges that have not ended. */
  get givenUp(): number {
    return this.#givenUp.size;
  }

  /**
   * Runs an exchange as soon as the limits permit it.
   *
   * @param start begins the exchange; aborting its signal closes the connection
   * @throws the reason of `giveUp`; the exchange then continues, if it has begun
   * @throws any error of `start`
   */
  async run(start: (signal: AbortSignal) => Promise<T>, options: ExchangeOptions): Promise<T> {
    const { giveUp } = options;
    giveUp.throwIfAborted();
    let exchange = this.#takeOver(options.question);
    while (exchange === undefined && !this.#hasRoom(options.lane)) {
      await this.#oneToEnd(giveUp);
      exchange = this.#takeOver(options.question);
    }
    exchange ??= this.#begin(start, options);
    try {
      return await orAborted(exchange.answer, giveUp);
    } finally {
      if (!exchange.isOver) this.#leave(exchange, options.expectedMs);
    }
  }

  /** Closes the connections of all cancelled exchanges. */
  [Symbol.dispose](): void {
    for (const { close } of this.#givenUp) close.abort();
  }

  #hasRoom(lane: string): boolean {
    if (this.#givenUp.size >= MAX_GIVEN_UP) return false;
    let inLane = 0;
    for (const one of this.#givenUp) if (one.lane === lane) inLane += 1;
    return inLane < MAX_IN_LANE;
  }

  #takeOver(question: string | undefined): Exchange<T> | undefined {
    if (question === undefined) return undefined;
    for (const exchange of this.#givenUp) {
      if (exchange.question !== question) continue;
      clearTimeout(exchange.closeTimer);
      this.#givenUp.delete(exchange);
      return exchange;
    }
    return undefined;
  }

  #begin(
    start: (signal: AbortSignal) => Promise<T>,
    { lane, question }: ExchangeOptions,
  ): Exchange<T> {
    const close = new AbortController();
    const over = () => {
      exchange.isOver = true;
      clearTimeout(exchange.closeTimer);
      if (!this.#givenUp.delete(exchange)) return;
      for (const wake of this.#waiting) wake();
    };
    const answer = start(close.signal);
    const exchange: Exchange<T> = {
      ...{ lane, question, answer, close },
      ...{ isOver: false, closeTimer: undefined },
    };
    answer.then(() => {
      this.#answeredAtMs = this.#nowMs();
      over();
    }, over);
    return exchange;
  }

  #leave(exchange: Exchange<T>, expectedMs: number): void {
    this.#givenUp.add(exchange);
    const leftAtMs = this.#nowMs();
    const check = () => {
      const now = this.#nowMs();
      const isLost = now - this.#answeredAtMs < LIFE_MS || now - leftAtMs >= LONGEST_LIFE_MS;
      if (isLost) exchange.close.abort();
      else exchange.closeTimer = setTimeout(check, LIFE_MS);
    };
    exchange.closeTimer = setTimeout(check, expectedMs + LIFE_MS);
  }

  async #oneToEnd(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await orAborted(promise, signal);
    } finally {
      this.#waiting.delete(resolve);
    }
  }
}
