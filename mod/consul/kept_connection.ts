/**
 * Small requests that are made again and again, on a connection kept for them alone.
 *
 * `fetch` takes some 0.7 ms of a processor for a request a second; this takes a seventh of that,
 * which counts where it is all that a process does for years. It knows one answer, a 200 without a
 * body. What any other answer means, and whatever goes wrong, is left to `http.ts`.
 *
 * When a caller cancels a request, the request continues, and the next request waits for its end.
 * Without a leader an agent may take a minute for an update of a check, because it keeps its state
 * locked while it looks for a leader. Updates on separate connections would use up the agent's
 * limit (see `exchanges.ts`).
 *
 * @module
 */

import { orAborted } from "../lib/or_aborted.ts";

/** After this time without an answer, the request and its connection count as lost. */
const LIFE_MS = 300_000;

/** A connection, for one request at a time. */
export class KeptConnection implements Disposable {
  readonly #hostname: string;
  readonly #port: number;
  readonly #prefix: string;
  readonly #headers: () => Readonly<Record<string, string>>;
  readonly #host: string;
  readonly #answer = new Uint8Array(4096);
  #connection: Deno.TcpConn | null = null;
  /** The request in progress; its caller may have cancelled it. */
  #underWay: Promise<boolean> | null = null;
  #close = new AbortController();

  /**
   * @param url an `http:` URL, to which each request adds
   * @param headers of each request
   */
  constructor(url: URL, headers: () => Readonly<Record<string, string>>) {
    this.#hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    this.#port = Number(url.port || 80);
    this.#prefix = url.pathname.replace(/\/$/, "");
    this.#host = url.host;
    this.#headers = headers;
  }

  /**
   * Sends a request without a body, after the previous request has ended.
   *
   * @param path what it adds to the URL, with its query, as it is sent
   * @param giveUp cancels the wait for the answer, not the request
   * @returns whether it was answered with 200; if not, nothing is known of it
   * @throws the reason of `giveUp`
   */
  async exchange(method: "PUT", path: string, giveUp: AbortSignal): Promise<boolean> {
    while (this.#underWay !== null) await orAborted(this.#underWay, giveUp);
    giveUp.throwIfAborted();
    const lines = Object.entries({ host: this.#host, ...this.#headers(), "content-length": "0" });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const text = `${method} ${this.#prefix}${path} HTTP/1.1\r\n${head}\r\n`;
    this.#underWay = this.#send(new TextEncoder().encode(text)).finally(() => {
      this.#underWay = null;
    });
    return await orAborted(this.#underWay, giveUp);
  }

  /** Closes the connection, even during a request; the next request opens a new connection. */
  [Symbol.dispose](): void {
    this.#close.abort();
    this.#close = new AbortController();
    this.#connection?.close();
    this.#connection = null;
  }

  async #send(request: Uint8Array): Promise<boolean> {
    let isDone = false;
    const timer = setTimeout(() => this[Symbol.dispose](), LIFE_MS);
    try {
      const connection = this.#connection ?? await this.#connect(this.#close.signal);
      isDone = await connection.write(request) === request.length &&
        await this.#isAnswered(connection);
    } catch (error) {
      // Connections break in many ways; whoever asks by other means now is told what is wrong.
      if (!(error instanceof Error)) throw error;
    } finally {
      clearTimeout(timer);
    }
    if (!isDone) this[Symbol.dispose]();
    return isDone;
  }

  async #connect(signal: AbortSignal): Promise<Deno.TcpConn> {
    const connection = await Deno.connect({ hostname: this.#hostname, port: this.#port, signal });
    this.#connection = connection;
    return connection;
  }

  /** Such an answer comes in one piece; if it does not, it is as good as another. */
  async #isAnswered(connection: Deno.TcpConn): Promise<boolean> {
    const length = await connection.read(this.#answer) ?? 0;
    const text = new TextDecoder().decode(this.#answer.subarray(0, length));
    return text.startsWith("HTTP/1.1 200 ") && /\r\ncontent-length: 0\r\n/i.test(text) &&
      text.indexOf("\r\n\r\n") === text.length - 4;
  }
}
