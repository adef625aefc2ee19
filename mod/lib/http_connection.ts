/**
 * One connection of an HTTP server: one request, one answer and the close, each within a time
 * limit.
 *
 * A connection serves one request only. Clients of Hare's servers send few requests. Without
 * persistent connections there are no idle ones to count or time out, and the rest of a request
 * cannot be parsed as the next request.
 *
 * @module
 */

import { systemClock } from "./clock.ts";
import { parseRequestHead, type Refusal, type RequestHead } from "./http_head.ts";
import { isDisconnect } from "./io_error.ts";

/** A connection over TCP or a Unix socket. */
export type HttpConn = Deno.TcpConn | Deno.UnixConn;

/** Time limits in milliseconds. */
export interface ConnectionLimits {
  /** From the connection to the end of the request's head. */
  readonly headMs: number;
  /** From the end of the head to the end of the answer. */
  readonly answerMs: number;
}

/** Answers a request, or an invalid request; its errors become a 500 without a message. */
export type Answer = (
  head: RequestHead | Refusal,
  body: ReadableStream<Uint8Array>,
) => Promise<Response>;

/** A longer head is refused. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Limits for reading from a client that has its answer but has not closed the connection. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 4 * 1024 * 1024;

const END_OF_HEAD = "\r\n\r\n";
/** The interim response for a client that waits for permission to send its body. */
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** One connection. */
export class HttpConnection {
  readonly #conn: HttpConn;
  readonly #closed = Promise.withResolvers<never>();
  #isServing = false;
  #isOpen = true;

  constructor(conn: HttpConn) {
    this.#conn = conn;
    this.#closed.promise.catch(() => {}); // often no code awaits it
  }

  /** Whether a request has arrived and its answer is not yet sent. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Ends the connection at once. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closed.reject(new Deno.errors.Interrupted("the connection was closed"));
    this.#conn.close();
  }

  /**
   * Serves the connection to its end. Closes it if the client closes its side or is too slow.
   *
   * @param answer answers the request
   * @throws any error of `answer`, and no error that the client causes
   */
  async serve(answer: Answer, limits: ConnectionLimits): Promise<void> {
    let fault: { readonly error: unknown } | null = null;
    try {
      const request = await this.#within(limits.headMs, () => this.#readHead());
      if (request === null) return;
      this.#isServing = true;
      await this.#within(limits.answerMs, async () => {
        const { head, rest } = request;
        try {
          const response = await answer(head, this.#body(head, rest));
          await this.#send(response, "status" in head ? "GET" : head.method);
        } catch (error) {
          if (!this.#isOpen || isDisconnect(error)) return;
          fault = { error };
          await this.#send(new Response(null, { status: 500 }), "GET");
        }
      });
      this.#isServing = false;
      await this.#within(LINGER_MS, () => this.#linger());
    } catch (error) {
      if (this.#isOpen && !isDisconnect(error)) throw error;
    } finally {
      this.#isServing = false;
      this.close();
    }
    if (fault !== null) throw (fault as { error: unknown }).error;
  }

  /** Closes the connection when `act` takes longer. */
  async #within<T>(ms: number, act: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.close(), ms);
    try {
      return await act();
    } finally {
      clearTimeout(timer);
    }
  }

  /** The head, and the body bytes that came with it; `null` if the client closed the connection. */
  async #readHead(): Promise<{ head: RequestHead | Refusal; rest: Uint8Array } | null> {
    const buffer = new Uint8Array(MAX_HEAD_BYTES);
    let size = 0;
    while (size < buffer.length) {
      const n = await this.#conn.read(buffer.subarray(size));
      if (n === null) return null;
      const from = Math.max(0, size - END_OF_HEAD.length);
      size += n;
      const at = latin1(buffer.subarray(from, size)).indexOf(END_OF_HEAD);
      if (at < 0) continue;
      const end = from + at;
      const head = parseRequestHead(latin1(buffer.subarray(0, end)));
      return { head, rest: buffer.slice(end + END_OF_HEAD.length, size) };
    }
    const head = { status: 431, reason: `the head has more than ${MAX_HEAD_BYTES} bytes` };
    return { head, rest: new Uint8Array() };
  }

  /** The body, of which some bytes may be there already. */
  #body(head: RequestHead | Refusal, there: Uint8Array): ReadableStream<Uint8Array> {
    let left = "status" in head ? 0 : head.contentLength;
    let first: Uint8Array | null = there.subarray(0, left);
    let isAwaited = "headers" in head && head.headers.get("expect") === "100-continue";
    return new ReadableStream({
      pull: async (controller) => {
        if (left === 0) return controller.close();
        let chunk = first ?? new Uint8Array();
        first = null;
        if (chunk.length === 0) {
          if (isAwaited) await this.#write(new TextEncoder().encode(CONTINUE));
          isAwaited = false;
          const buffer = new Uint8Array(Math.min(left, 64 * 1024));
          const n = await this.#conn.read(buffer);
          if (n === null) throw new Deno.errors.UnexpectedEof("the body broke off");
          chunk = buffer.subarray(0, n);
        }
        left -= chunk.length;
        controller.enqueue(chunk);
        if (left === 0) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  async #send(response: Response, method: string): Promise<void> {
    const body = new Uint8Array(await response.arrayBuffer());
    const { headers, status } = response;
    headers.set("content-length", String(body.length));
    headers.set("connection", "close");
    headers.set("x-content-type-options", "nosniff");
    headers.set("date", new Date(systemClock.now()).toUTCString());
    const lines = [`HTTP/1.1 ${status} `, ...[...headers].map(([k, v]) => `${k}: ${v}`), "", ""];
    const head = new TextEncoder().encode(lines.join("\r\n"));
    await this.#write(head);
    if (method !== "HEAD") await this.#write(body);
  }

  /**
   * Deno does not cancel a write when its connection is closed, and keeps the socket until the
   * client reads or closes. No code waits for that; the answers of hax and the RC fit into the
   * kernel's buffer.
   */
  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await Promise.race([this.#conn.write(bytes.subarray(sent)), this.#closed.promise]);
    }
  }

  /**
   * Reads and discards the rest of the client's data. Closing with unread data resets the
   * connection, and the client may then lose the answer.
   */
  async #linger(): Promise<void> {
    await this.#conn.closeWrite();
    const buffer = new Uint8Array(64 * 1024);
    for (let size = 0; size < LINGER_BYTES;) {
      const n = await this.#conn.read(buffer);
      if (n === null) return;
      size += n;
    }
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
