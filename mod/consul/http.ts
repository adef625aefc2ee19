/**
 * One HTTP exchange with a Consul agent: a request becomes an answer or a {@linkcode ConsulError}.
 * All of fetch's failures are told apart here and nowhere else.
 *
 * @module
 */

import type * as z from "zod";
import { HareError, messageOf } from "../lib/errors.ts";
import { base64FromText } from "./base64.ts";
import { ConsulError } from "./errors.ts";
import { KeptConnection } from "./kept_connection.ts";
import { type Query, queryString } from "./query.ts";

/** Options of every call. */
export interface CallOptions {
  /** Ends the call with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit for the whole answer in milliseconds. {@default 10000} */
  readonly timeoutMs?: number | undefined;
}

/** Options of calls that read. */
export interface ReadOptions extends CallOptions {
  /** Ask the leader to make sure that it still leads. {@default false} */
  readonly consistent?: boolean | undefined;
  /** Any server may answer from its own, perhaps older, state. {@default false} */
  readonly stale?: boolean | undefined;
}

/** A request to the agent. */
export interface Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Path with its segments encoded, for example `/v1/kv/leader`. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: string | undefined;
  /** Statuses besides 2xx that are an answer to this request and not a failure. */
  readonly expect?: readonly number[] | undefined;
}

/** The agent's answer. */
export interface Answer {
  readonly status: number;
  /** `X-Consul-Index`: what a blocking query passes on; `null` where Consul sent none. */
  readonly index: number | null;
  /** Time since the server last heard of Raft's leader in milliseconds; Infinity if it knows none. */
  readonly leaderHeardMs: number;
  readonly text: string;
  /** The body as JSON of the form `schema`; throws a `malformed` error where it is not. */
  json<T>(schema: z.ZodType<T>): T;
}

/** Where the agent is and how it is spoken to. */
export interface HttpOptions {
  /** Origin, and prefix of a proxy where there is one: `http://127.0.0.1:8500`. */
  readonly address: string;
  /** ACL token, sent as `X-Consul-Token`. */
  readonly token?: string | undefined;
  /** Value of HTTP basic authentication, `user:password`, for a proxy in front of Consul. */
  readonly basicAuth?: string | undefined;
  /** fetch's client, for TLS with files of one's own; else Deno's shared pool of connections. */
  readonly client?: Deno.HttpClient | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const NO_HEADERS = new Headers();

/** HTTP with one Consul agent. Connections are kept and used again. */
export class Http {
  readonly address: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];
  readonly #client: Deno.HttpClient | undefined;

  /** @throws {HareError} when the token cannot be sent */
  constructor(options: HttpOptions) {
    this.address = options.address.replace(/\/+$/, "");
    this.#client = options.client;
    const { token } = options;
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      // fetch would say so too, and print it.
      throw new HareError("Consul's token has characters that no token has", {
        hint: "see CONSUL_HTTP_TOKEN, or the file that CONSUL_HTTP_TOKEN_FILE names",
      });
    }
    const basic = options.basicAuth && base64FromText(options.basicAuth);
    this.#headers = {
      ...(token === undefined ? {} : { "x-consul-token": token }),
      ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
    };
    this.#secrets = [token, options.basicAuth, basic].filter((secret) => secret !== undefined);
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
    const query = queryString(request.query);
    const url = this.address + request.path + query;
    // One controller a call, and nothing left behind on the caller's signal, which may live for
    // years.
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutMs);
    let response: Response | undefined;
    try {
      if (await connection?.exchange("PUT", request.path + query, controller.signal)) {
        return this.#answer(request, { status: 200, ok: true, headers: NO_HEADERS }, "");
      }
      response = await fetch(url, {
        method: request.method,
        headers: this.#headers,
        redirect: "manual", // the token is for this address alone
        signal: controller.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(this.#client === undefined ? {} : { client: this.#client }),
      });
      const text = await response.text();
      return this.#answer(request, response, text);
    } catch (error) {
      if (error instanceof ConsulError) throw error;
      if (signal?.aborted) throw signal.reason;
      if (timedOut) throw this.#timeout(request, timeoutMs);
      // fetch throws a TypeError for each fault of the network; anything else is a fault of ours.
      if (!(error instanceof TypeError)) throw error;
      throw response === undefined
        ? this.#unreachable(request, error)
        : this.#brokenOff(request, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Keeps a connection for requests without a body; `undefined` where plain TCP will not do. */
  keep(): KeptConnection | undefined {
    const url = new URL(this.address);
    return url.protocol === "http:" && this.#client === undefined
      ? new KeptConnection(url, this.#headers)
      : undefined;
  }

  #answer(
    request: Request,
    response: Pick<Response, "status" | "ok" | "headers">,
    text: string,
  ): Answer {
    const { status } = response;
    if (!response.ok && !request.expect?.includes(status)) {
      throw this.#refusal(request, status, this.#redact(text.trim()));
    }
    const { headers } = response;
    const knowsLeader = headers.get("x-consul-knownleader") !== "false";
    return {
      status,
      index: numberIn(headers.get("x-consul-index")),
      leaderHeardMs: knowsLeader ? numberIn(headers.get("x-consul-lastcontact")) ?? 0 : Infinity,
      text,
      json: (schema) => this.#parse(request, text, schema),
    };
  }

  #parse<T>(request: Request, text: string, schema: z.ZodType<T>): T {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw this.#malformed(request, `no JSON: ${excerpt(text)}`, true);
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const where = issue?.path.join(".") || "the answer";
    throw this.#malformed(request, `${where}: ${issue?.message}`, false);
  }

  #refusal(request: Request, status: number, body: string): ConsulError {
    const message = `${this.#name(request)}: Consul answered ${status}: ${
      excerpt(body) || "no text"
    }`;
    if (status === 401 || status === 403) {
      return new ConsulError(message, {
        kind: "forbidden",
        retryable: false,
        status,
        body,
        hint: "set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE to a token that may do this",
      });
    }
    if (status >= 500) {
      return new ConsulError(message, {
        kind: "server",
        retryable: true,
        status,
        body,
        hint: /no cluster leader|rpc error|no path/i.test(body)
          ? "an election takes seconds; if it does not end, are most of the servers up?"
          : undefined,
      });
    }
    return new ConsulError(message, {
      kind: "client",
      retryable: status === 429,
      status,
      body,
      hint: status === 429
        ? "the agent limits its requests: see `limits` in its configuration"
        : status < 400
        ? "redirects are not followed: set CONSUL_HTTP_ADDR to the agent itself"
        : undefined,
    });
  }

  #unreachable(request: Request, error: TypeError): ConsulError {
    return new ConsulError(`${this.#name(request)}: cannot reach Consul: ${reasonOf(error)}`, {
      kind: "unreachable",
      retryable: true,
      hint: "is the agent running, and is CONSUL_HTTP_ADDR its address?",
      cause: error,
    });
  }

  #timeout(request: Request, timeoutMs: number): ConsulError {
    return new ConsulError(
      `${this.#name(request)}: Consul did not answer within ${timeoutMs / 1000} s`,
      {
        kind: "timeout",
        retryable: true,
        hint: "is the agent, or the network to it, overloaded or cut off?",
      },
    );
  }

  #brokenOff(request: Request, error: TypeError): ConsulError {
    return new ConsulError(`${this.#name(request)}: the answer broke off: ${messageOf(error)}`, {
      kind: "malformed",
      retryable: true,
      hint: "did the agent stop? see its log",
      cause: error,
    });
  }

  /** The parsers' own errors quote what they read: they are not passed on as the cause. */
  #malformed(request: Request, what: string, retryable: boolean): ConsulError {
    const shown = this.#redact(what);
    return new ConsulError(`${this.#name(request)}: not an answer of Consul: ${shown}`, {
      kind: "malformed",
      retryable,
      hint: "does a Consul agent listen at CONSUL_HTTP_ADDR?",
    });
  }

  /** `GET http://127.0.0.1:8500/v1/kv/leader`; the query may hold what is none of a log's business. */
  #name(request: Request): string {
    return `${request.method} ${this.address}${request.path}`;
  }

  #redact(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, "(hidden)"), text);
  }
}

/** Query parameters of {@linkcode ReadOptions}. */
export function consistencyOf(options: ReadOptions): Query {
  return { consistent: options.consistent, stale: options.stale };
}

function numberIn(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}

/** What the system said: the end of fetch's message, without addresses and without repetition. */
function reasonOf(error: TypeError): string {
  const chain = /client error \(\w+\): (.*)/s.exec(error.message)?.[1] ?? error.message;
  return [...new Set(chain.split(": "))].filter((part) => part !== "tcp connect error").join(": ");
}

function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
