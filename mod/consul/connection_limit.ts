/**
 * The agent's limit of connections from one address, `limits.http_max_conns_per_client`.
 *
 * The agent answers 429 to each connection beyond the limit before it reads the request, and closes
 * the connection. fetch mostly reports only a closed connection, as if no agent ran. So this module
 * opens another connection, and reads from it without sending a request.
 *
 * @module
 */

/** Time limit for that small answer, also on a machine under load. */
const LIMIT_MS = 250;
/** How long a result is cached: each check opens one more connection. */
const FRESH_MS = 5_000;

/** Detects whether an agent has reached its limit of connections. */
export class ConnectionLimit {
  readonly #url: URL;
  readonly #nowMs: () => number;
  #last: { readonly atMs: number; readonly isReached: Promise<boolean> } | null = null;

  /**
   * @param url the agent's; the limit can be detected only with an `http:` URL
   * @param nowMs a monotonic clock
   */
  constructor(url: URL, nowMs: () => number) {
    this.#url = url;
    this.#nowMs = nowMs;
  }

  /** Whether the agent refuses a connection because it has too many. */
  isReached(): Promise<boolean> {
    const now = this.#nowMs();
    if (this.#last === null || now - this.#last.atMs >= FRESH_MS) {
      this.#last = { atMs: now, isReached: refusesConnections(this.#url) };
    }
    return this.#last.isReached;
  }
}

async function refusesConnections(url: URL): Promise<boolean> {
  if (url.protocol !== "http:") return false;
  const end = new AbortController();
  let connection: Deno.TcpConn | undefined;
  const timer = setTimeout(() => {
    end.abort();
    connection?.close();
    connection = undefined;
  }, LIMIT_MS);
  try {
    connection = await Deno.connect({
      hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || 80),
      signal: end.signal,
    });
    const buffer = new Uint8Array(64);
    const length = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, length)).startsWith("HTTP/1.1 429 ");
  } catch (error) {
    // No connection, or no data on it: the cause is not this limit.
    if (!(error instanceof Error)) throw error;
    return false;
  } finally {
    clearTimeout(timer);
    connection?.close();
  }
}
