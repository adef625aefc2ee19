/**
 * Small requests that are made again and again, on a connection kept for them alone.
 *
 * `fetch` takes some 0.7 ms of a processor for a request a second; this takes a seventh of that,
 * which counts where it is all that a process does for years. It knows one answer, a 200 without a
 * body. What any other answer means, and whatever goes wrong, is left to `http.ts`.
 *
 * @module
 */

/** A connection, for one request at a time. */
export class KeptConnection implements Disposable {
  readonly #hostname: string;
  readonly #port: number;
  readonly #prefix: string;
  readonly #head: string;
  readonly #answer = new Uint8Array(4096);
  #connection: Deno.TcpConn | null = null;

  /**
   * @param url an `http:` URL, to which each request adds
   * @param headers of each request
   */
  constructor(url: URL, headers: Readonly<Record<string, string>>) {
    this.#hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    this.#port = Number(url.port || 80);
    this.#prefix = url.pathname.replace(/\/$/, "");
    const lines = Object.entries({ host: url.host, ...headers, "content-length": "0" });
    this.#head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  /**
   * Makes a request without a body.
   *
   * @param path what it adds to the URL, with its query, as it is sent
   * @returns whether it was answered with 200; if not, nothing is known of it
   */
  async exchange(method: "PUT", path: string, signal: AbortSignal): Promise<boolean> {
    const text = `${method} ${this.#prefix}${path} HTTP/1.1\r\n${this.#head}\r\n`;
    const request = new TextEncoder().encode(text);
    const onAbort = () => this[Symbol.dispose]();
    signal.addEventListener("abort", onAbort, { once: true });
    let isDone = false;
    try {
      const connection = this.#connection ?? await this.#connect(signal);
      isDone = await connection.write(request) === request.length &&
        await this.#isAnswered(connection);
    } catch (error) {
      // Connections break in many ways; whoever asks by other means now is told what is wrong.
      if (!(error instanceof Error)) throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    if (!isDone) this[Symbol.dispose]();
    return isDone;
  }

  /** Closes the connection; the next request opens another. */
  [Symbol.dispose](): void {
    this.#connection?.close();
    this.#connection = null;
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
