/**
 * The agent's limit of connections of one address, `limits.http_max_conns_per_client`.
 *
 * To a connection beyond it the agent answers 429 before it reads the request, and closes. fetch mostly
 * makes of that a closed connection, as if no agent ran; so another one is opened, and read from
 * before anything is asked.
 *
 * @module
 */

/** A small answer that comes unasked, on a machine under load. */
const LIMIT_MS = 250;
/** How long what was found is believed: each look is one connection more. */
const FRESH_MS = 5_000;

/** Finds out whether an agent takes no more connections. */
export class ConnectionLimit {
  readonly #url: URL;
  readonly #nowMs: () => number;
  #last: { readonly atMs: number; readonly isReached: Promise<boolean> } | null = null;

  /**
   * @param url the agent's; only of an `http:` URL something can be found out
   * @param nowMs a monotonic clock
   */
  constructor(url: URL, nowMs: () => number) {
    this.#url = url;
    this.#nowMs = nowMs;
  }

  /** Whether the agent refuses a connection for the number of those that it has. */
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
    // No connection, or none that says anything: then it is not this limit.
    if (!(error instanceof Error)) throw error;
    return false;
  } finally {
    clearTimeout(timer);
    connection?.close();
  }
}
