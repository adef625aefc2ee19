/**
 * HTTP with a Consul agent: a request becomes an answer or a {@linkcode ConsulError}. Only this
 * module classifies the failures of fetch.
 *
 * When a caller cancels a call, {@linkcode Exchanges} owns the exchange. A call that needs Raft's
 * leader waits at the {@linkcode LeaderGate}.
 *
 * @module
 */

import * as z from "zod";
import { type Clock, systemClock } from "../lib/clock.ts";
import { orAborted } from "../lib/or_aborted.ts";
import { type Answer, answerOf } from "./answer.ts";
import { ConnectionLimit } from "./connection_limit.ts";
import { Credentials, type CredentialsOptions } from "./credentials.ts";
import { ConsulError } from "./errors.ts";
import { Exchanges } from "./exchanges.ts";
import * as failure from "./failures.ts";
import { KeptConnection } from "./kept_connection.ts";
import { LeaderGate } from "./leader_gate.ts";
import { queryString } from "./query.ts";
import { type CallOptions, isBlocking, isForLeader, type Request } from "./request.ts";

/** Where the agent is and how it is spoken to. */
export interface HttpOptions extends CredentialsOptions {
  /** Origin, and prefix of a proxy where there is one: `http://127.0.0.1:8500`. */
  readonly address: string;
  /** fetch's client, for TLS with files of one's own; else Deno's shared pool of connections. */
  readonly client?: Deno.HttpClient | undefined;
  /** {@default systemClock} */
  readonly clock?: Clock | undefined;
  /** Number in [0, 1), for jitter. {@default Math.random} */
  readonly random?: (() => number) | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const NO_HEADERS = new Headers();
const LEADER_PATH = "/v1/status/leader";

/** HTTP with one Consul agent. Connections are kept and used again. */
export class Http implements Disposable {
  readonly address: string;
  readonly #credentials: Credentials;
  readonly #client: Deno.HttpClient | undefined;
  readonly #exchanges: Exchanges<Answer>;
  readonly #gate: LeaderGate;
  readonly #limit: ConnectionLimit;

  /** @throws {HareError} when the token cannot be read, or cannot be sent in a header */
  constructor(options: HttpOptions) {
    this.address = options.address.replace(/\/+$/, "");
    this.#client = options.client;
    const { clock = systemClock, random = Math.random } = options;
    const nowMs = () => clock.monotonic();
    this.#credentials = new Credentials(options, nowMs);
    this.#exchanges = new Exchanges(nowMs);
    this.#limit = new ConnectionLimit(new URL(this.address), nowMs);
    this.#gate = new LeaderGate({ clock, random, ask: (options) => this.#hasLeader(options) });
  }

  /** Whether Raft had a leader according to the agent's latest answer. */
  get isLed(): boolean {
    return this.#gate.isLed;
  }

  /**
   * Sends `request` and reads the whole answer.
   *
   * @throws {ConsulError} when there is no answer, or one that is neither 2xx nor expected
   * @throws the reason of `options.signal` when that is or becomes aborted
   */
  async call(
    request: Request,
    options: CallOptions & {
      /** For a `PUT` without a body; only when it fails there, `fetch` is used. */
      readonly connection?: KeptConnection | undefined;
    } = {},
  ): Promise<Answer> {
    const { connection, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    signal?.throwIfAborted();
    // One controller a call, and nothing left behind on the caller's signal, which may live for
    // years.
    const giveUp = new AbortController();
    const onAbort = () => giveUp.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      giveUp.abort();
    }, timeoutMs);
    const needsLeader = isForLeader(request);
    let isSent = false;
    try {
      if (needsLeader) await this.#gate.pass(giveUp.signal);
      isSent = true;
      const options = { giveUp: giveUp.signal, expectedMs: timeoutMs };
      await this.#credentials.refresh();
      const answer = await this.#send(request, connection, options)
        .catch(async (error) => {
          if (isRefused(error)) {
            if (await this.#credentials.renew()) return this.#send(request, connection, options);
            throw withProblem(error, this.#credentials.problem);
          }
          if (failure.wasClosed(error) && await orAborted(this.#limit.isReached(), giveUp.signal)) {
            throw failure.tooManyConnections(this.#name(request));
          }
          throw error;
        });
      if (needsLeader && answer.leaderHeardMs < Infinity) this.#gate.heard(true);
      return answer;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!timedOut) {
        if (needsLeader && isSent) this.#doubtAfter(error);
        throw error;
      }
      if (!isSent && !this.isLed) throw failure.leaderless(this.#name(request));
      if (needsLeader) this.#gate.doubt();
      throw failure.timeout(this.#name(request), timeoutMs);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Keeps a connection for requests without a body; `undefined` where plain TCP will not do. */
  keep(): KeptConnection | undefined {
    const url = new URL(this.address);
    return url.protocol === "http:" && this.#client === undefined
      ? new KeptConnection(url, () => this.#credentials.headers())
      : undefined;
  }

  /** Closes the connections of cancelled requests. */
  [Symbol.dispose](): void {
    this.#exchanges[Symbol.dispose]();
  }

  async #send(
    request: Request,
    connection: KeptConnection | undefined,
    options: { readonly giveUp: AbortSignal; readonly expectedMs: number },
  ): Promise<Answer> {
    const target = request.path + queryString(request.query);
    if (await connection?.exchange("PUT", target, options.giveUp)) {
      return this.#answer(request, { status: 200, ok: true, headers: NO_HEADERS }, "");
    }
    const isStale = request.query?.["stale"] === true;
    return await this.#exchanges.run((signal) => this.#fetch(request, target, signal), {
      ...options,
      // While Raft's leader does not answer, the local server still may.
      lane: `${request.method} ${request.path}${isStale ? " stale" : ""}`,
      question: isBlocking(request) ? target : undefined,
    });
  }

  async #fetch(request: Request, target: string, signal: AbortSignal): Promise<Answer> {
    let response: Response | undefined;
    try {
      response = await fetch(this.address + target, {
        method: request.method,
        headers: this.#credentials.headers(),
        redirect: "manual", // the token is for this address alone
        signal,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(this.#client === undefined ? {} : { client: this.#client }),
      });
      const text = await response.text();
      return this.#answer(request, response, text);
    } catch (error) {
      // fetch throws a TypeError for each network failure; any other error is a bug in Hare.
      if (!(error instanceof TypeError)) throw error;
      const name = this.#name(request);
      throw response === undefined
        ? failure.unreachable(name, error)
        : failure.brokenOff(name, error);
    }
  }

  #answer(
    request: Request,
    response: Pick<Response, "status" | "ok" | "headers">,
    text: string,
  ): Answer {
    const knowsLeader = response.headers.get("x-consul-knownleader");
    if (knowsLeader !== null) this.#gate.heard(knowsLeader === "true");
    const answer = answerOf(request, response, text, {
      name: this.#name(request),
      hasToken: this.#credentials.hasToken,
      redact: (text) => this.#credentials.redact(text),
    });
    if (request.path === LEADER_PATH) this.#gate.heard(text.trim() !== '""');
    return answer;
  }

  async #hasLeader(
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<boolean> {
    const answer = await this.call({ method: "GET", path: LEADER_PATH }, options);
    return answer.json(z.string()) !== "";
  }

  #doubtAfter(error: unknown): void {
    if (error instanceof ConsulError && error.kind === "server") this.#gate.doubt();
  }

  /** `GET http://127.0.0.1:8500/v1/kv/leader`; the query may hold what is none of a log's business. */
  #name(request: Request): string {
    return `${request.method} ${this.address}${request.path}`;
  }
}

/** Whether a retry with another token may succeed. */
function isRefused(error: unknown): error is ConsulError {
  return error instanceof ConsulError &&
    (error.kind === "filtered" || error.status === 401 || error.status === 403);
}

function withProblem(error: ConsulError, problem: string | null): ConsulError {
  if (problem === null) return error;
  return new ConsulError(`${error.message}; the token may be an old one: ${problem}`, error);
}
