/**
 * Reading a request's body as JSON within limits: size, time, and how many bodies at once.
 *
 * @module
 */

/** A request that is not served, with the HTTP status that says so. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";

  /** @param message the reason, for the caller */
  constructor(readonly status: 400 | 401 | 403 | 404 | 408 | 413 | 503, message: string) {
    super(message);
  }
}

/** Limits of {@linkcode BodyReader}. */
export interface BodyLimits {
  /** Bytes that a body may have. */
  readonly maxBytes: number;
  /** Time in milliseconds in which a body must be there. */
  readonly maxMs: number;
  /** Bodies that may be read at the same time. */
  readonly maxAtOnce: number;
}

/** Limits of hax: an m0d or a Consul agent on this machine sends a body at once. */
export const BODY_LIMITS: BodyLimits = { maxBytes: 1024 * 1024, maxMs: 5_000, maxAtOnce: 16 };

/** Reads bodies, so that all callers together cannot take much memory. */
export class BodyReader {
  readonly #limits: BodyLimits;
  #reading = 0;

  constructor(limits: BodyLimits = BODY_LIMITS) {
    this.#limits = limits;
  }

  /**
   * The request's body as a JSON value.
   *
   * @throws {RequestRefused} when it is too large, too slow, cut off or no JSON, or when too many
   * are being read
   */
  async json(request: Request): Promise<unknown> {
    if (this.#reading >= this.#limits.maxAtOnce) {
      throw new RequestRefused(503, `${this.#reading} bodies are being read: come again`);
    }
    this.#reading += 1;
    try {
      return parseJson(await this.#bytes(request));
    } finally {
      this.#reading -= 1;
    }
  }

  async #bytes(request: Request): Promise<Uint8Array> {
    const { maxBytes, maxMs } = this.#limits;
    const tooLarge = () => new RequestRefused(413, `the body has more than ${maxBytes} bytes`);
    if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
    if (request.body === null) return new Uint8Array();
    const reader = request.body.getReader();
    const chunks: Uint8Array[] = [];
    let size = 0;
    let slow = false;
    const timer = setTimeout(() => {
      slow = true;
      reader.cancel().catch(() => {}); // it ends the read below, which then sees `slow`
    }, maxMs);
    try {
      while (true) {
        const { value, done } = await reader.read();
        if (slow) throw new RequestRefused(408, `the body did not arrive within ${maxMs} ms`);
        if (done) break;
        size += value.length;
        if (size > maxBytes) throw tooLarge();
        chunks.push(value);
      }
    } catch (error) {
      if (error instanceof RequestRefused) throw error;
      throw new RequestRefused(400, "the body broke off");
    } finally {
      clearTimeout(timer);
    }
    return concat(chunks, size);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RequestRefused(400, "the body is not JSON in UTF-8");
  }
}

function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
