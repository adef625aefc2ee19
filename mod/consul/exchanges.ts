/**
 * HTTP exchanges that outlive their caller's interest.
 *
 * A Consul agent works on a request until it is done, and keeps the connection until then, even when
 * the client has closed its side. A client that closes and asks again therefore fills the agent: by
 * default the agent takes 200 connections of one address and answers all others with 429.
 *
 * So a caller gives up, but the exchange goes on, and counts until the agent has answered it:
 *
 * - each lane (requests of one kind) has at most {@linkcode MAX_IN_LANE} of them, all lanes together
 *   {@linkcode MAX_GIVEN_UP}; a further request is not sent before one of them ends;
 * - a blocking query that was given up is taken over by the next one that asks the same;
 * - a connection is closed only when the agent cannot be expected to answer any more.
 *
 * @module
 */

import { orAborted } from "../lib/or_aborted.ts";

/** Exchanges of one lane that may be given up and unanswered. */
export const MAX_IN_LANE = 8;
/** Exchanges that may be given up and unanswered. */
export const MAX_GIVEN_UP = 48;
/** An agent that answers others answers a request within this, however long it looks for a leader. */
const LIFE_MS = 120_000;
/** Nothing is to be expected of an exchange after this, even where the agent answers nothing. */
const LONGEST_LIFE_MS = 900_000;

/** One exchange, for its caller. */
export interface ExchangeOptions {
  /** What shares a limit. */
  readonly lane: string;
  /**
   * Names the question, where an answer to the same question asked earlier will do. `undefined`: it
   * will not.
   */
  readonly question?: string | undefined;
  /** Ends the caller's interest. */
  readonly giveUp: AbortSignal;
  /** How long the agent may take for this request when all is well, in milliseconds. */
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

  /** How many exchanges are given up and not over. */
  get givenUp(): number {
    return this.#givenUp.size;
  }

  /**
   * Runs an exchange, when there is room for it.
   *
   * @param start begins it; its signal closes the connection
   * @throws the reason of `giveUp`; the exchange then goes on, if it has begun
   * @throws what `start` throws
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

  /** Closes the connections of all exchanges that were given up. */
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
