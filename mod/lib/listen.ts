/**
 * Where a server listens, as people write it: `ADDR[:PORT]`.
 *
 * @module
 */

import { UsageError } from "./errors.ts";

/** An address and a port. */
export interface Listen {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Reads `192.168.0.1`, `192.168.0.1:8080`, `::1` or `[::1]:8080`. Port 0 is any free one.
 *
 * @param defaultPort the port where `text` has none
 * @throws {UsageError} when `text` is none of these
 *
 * @example
 * ```ts
 * import { parseListen } from "./listen.ts";
 *
 * if (parseListen("[::1]:8080", 8008).hostname !== "::1") throw new Error("wrong");
 * if (parseListen("10.0.0.1", 8008).port !== 8008) throw new Error("wrong");
 * ```
 */
export function parseListen(text: string, defaultPort: number): Listen {
  const [, v6, v4, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const bareV6 = /^[\da-f]*(:[\da-f.]*){2,}$/i.test(text) ? text : undefined;
  const hostname = v6 ?? v4 ?? bareV6;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (hostname !== undefined && port <= 65535) return { hostname, port };
  throw new UsageError(`${JSON.stringify(text)} is no address to listen on`, {
    hint: `write ADDR or ADDR:PORT, as in 127.0.0.1:${defaultPort} or [::1]:${defaultPort}`,
  });
}

/**
 * The text that {@linkcode parseListen} reads, as it also stands in a URL.
 *
 * @example
 * ```ts
 * import { formatListen } from "./listen.ts";
 *
 * if (formatListen({ hostname: "::1", port: 8008 }) !== "[::1]:8008") throw new Error("wrong");
 * ```
 */
export function formatListen({ hostname, port }: Listen): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
