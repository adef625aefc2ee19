/**
 * An HTTP server with its own accept loop, over TCP or a Unix socket, protected by
 * {@linkcode guard}.
 *
 * `Deno.serve` and `node:http` of Deno 2.4.2 have no time limits for a request's head, for sending
 * an answer and for shutdown, and no limit of connections. `Deno.serve` also stops listening
 * without an error when no file descriptor is left for a new connection. In this server every
 * connection ends within {@linkcode LIMITS}, and shutdown ends within `closeMs`.
 *
 * @module
 */

import { messageOf } from "./errors.ts";
import { type Answer, type HttpConn, HttpConnection } from "./http_connection.ts";
import { type Entrance, guard } from "./http_guard.ts";
import type { Refusal } from "./http_head.ts";
import type { Listen } from "./listen.ts";
import type { Logger } from "./log.ts";
import { type SocketPath, UnixSocket } from "./unix_socket.ts";

/** The sender of a request. */
export type Peer =
  | { readonly transport: "tcp"; readonly hostname: string }
  | { readonly transport: "unix" };

/** Answers one request. */
export type Handler = (request: Request, peer: Peer) => Promise<Response> | Response;

/** Limits of a server; times in milliseconds. */
export interface ServerLimits {
  /** From the connection to the end of the request's head. */
  readonly headMs: number;
  /** From the end of the head to the end of the answer. */
  readonly answerMs: number;
  /** For the answers in progress at shutdown. */
  readonly closeMs: number;
  /** Maximum number of concurrent connections; each takes some 30 KB. */
  readonly maxConnections: number;
}

/** The limits of Hare's servers: their clients are near, and their answers are short. */
export const LIMITS: ServerLimits = {
  headMs: 5_000,
  answerMs: 30_000,
  closeMs: 2_000,
  maxConnections: 256,
};

/** Options of {@linkcode HttpServer}. */
export interface HttpServerOptions {
  /** Names, besides the address, that it accepts as `Host` over TCP. {@default none} */
  readonly names?: readonly string[] | undefined;
  /** Receives each request that is refused before it reaches the handler. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
  /** {@default LIMITS} */
  readonly limits?: ServerLimits | undefined;
}

/** Pause after a failed accept, in milliseconds. */
const ACCEPT_PAUSE_MS = 100;

/** A server; it serves as soon as it is constructed. */
export class HttpServer implements AsyncDisposable {
  readonly #handler: Handler;
  readonly #log: Logger;
  readonly #names: readonly string[];
  readonly #onRefused: (refusal: Refusal) => void;
  readonly #limits: ServerLimits;
  readonly #listener: Deno.TcpListener | UnixSocket;
  /** Connections, the oldest first. */
  readonly #connections = new Set<HttpConnection>();
  readonly #accepting: Promise<void>;
  #isClosing = false;
  #whenIdle: () => void = () => {};
  /** The last logged reason why a connection could not be accepted. */
  #saidOfAccept: string | null = null;

  /** @throws the error of `Deno.listen` when it cannot listen */
  constructor(
    listen: Listen | SocketPath,
    handler: Handler,
    log: Logger,
    { names = [], onRefused = () => {}, limits = LIMITS }: HttpServerOptions = {},
  ) {
    this.#handler = handler;
    this.#log = log;
    this.#names = "path" in listen ? [] : [listen.hostname, ...names];
    this.#onRefused = onRefused;
    this.#limits = limits;
    this.#listener = "path" in listen ? new UnixSocket(listen) : Deno.listen({ ...listen });
    this.#accepting = this.#accept();
  }

  /** The TCP address of the server; a Unix socket has none. */
  get address(): Listen {
    if (this.#listener instanceof UnixSocket) throw new TypeError("this is a Unix socket");
    const { hostname, port } = this.#listener.addr;
    return { hostname, port };
  }

  /**
   * Stops accepting requests, closes idle connections, and waits up to `closeMs` for the answers in
   * progress.
   */
  async shutdown(): Promise<void> {
    if (this.#isClosing) return await this.#accepting;
    this.#isClosing = true;
    this.#listener.close();
    await this.#accepting;
    for (const connection of this.#connections) if (!connection.isServing) connection.close();
    if (this.#connections.size === 0) return;
    const idle = Promise.withResolvers<void>();
    this.#whenIdle = idle.resolve;
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.close();
      idle.resolve();
    }, this.#limits.closeMs);
    await idle.promise;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #accept(): Promise<void> {
    while (!this.#isClosing) {
      try {
        this.#take(await this.#listener.accept());
        this.#saidOfAccept = null;
      } catch (error) {
        if (this.#isClosing) return;
        await this.#acceptFailed(messageOf(error));
      }
    }
  }

  /** Most likely no file descriptor is left: closes connections without a request to free some. */
  async #acceptFailed(why: string): Promise<void> {
    if (why !== this.#saidOfAccept) {
      this.#log.error("cannot accept connections, closes those without a request: {why}", { why });
    }
    this.#saidOfAccept = why;
    for (const connection of this.#connections) if (!connection.isServing) connection.close();
    await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
  }

  #take(conn: HttpConn): void {
    if (this.#connections.size >= this.#limits.maxConnections && !this.#evict()) {
      return conn.close();
    }
    const connection = new HttpConnection(conn);
    this.#connections.add(connection);
    connection.serve(this.#answerFor(conn), this.#limits)
      .catch((error) =>
        this.#log.error("a request failed, a bug of hare: {error}", {
          error: error instanceof Error ? error.stack : error,
        })
      )
      .finally(() => {
        this.#connections.delete(connection);
        if (this.#isClosing && this.#connections.size === 0) this.#whenIdle();
      });
  }

  /** Closes the oldest connection without a request; `false` if there is none. */
  #evict(): boolean {
    for (const connection of this.#connections) {
      if (connection.isServing) continue;
      connection.close();
      this.#connections.delete(connection);
      return true;
    }
    return false;
  }

  #answerFor(conn: HttpConn): Answer {
    const { entrance, peer } = this.#placeOf(conn);
    return async (head, body) => {
      if ("status" in head) return this.#refuse(head);
      const refusal = guard(head, entrance);
      if (refusal !== null) return this.#refuse(refusal);
      const { url, method, headers, contentLength } = head;
      const hasBody = contentLength > 0 && method !== "GET" && method !== "HEAD";
      const request = new Request(url, { method, headers, ...(hasBody ? { body } : {}) });
      return await this.#handler(request, peer);
    };
  }

  #refuse(refusal: Refusal): Response {
    const { status, reason } = refusal;
    this.#log.debug("refuses a request: {status} {reason}", { status, reason });
    this.#onRefused(refusal);
    return Response.json({ error: reason }, { status });
  }

  #placeOf(conn: HttpConn): { readonly entrance: Entrance; readonly peer: Peer } {
    const { localAddr, remoteAddr } = conn;
    if (localAddr.transport !== "tcp" || remoteAddr.transport !== "tcp") {
      return { entrance: { transport: "unix" }, peer: { transport: "unix" } };
    }
    return {
      entrance: { transport: "tcp", localAddress: localAddr.hostname, names: this.#names },
      peer: { transport: "tcp", hostname: remoteAddr.hostname },
    };
  }
}
