/**
 * Where hax listens, as people write it: `ADDR[:PORT]`.
 *
 * @module
 */

import { UsageError } from "../lib/errors.ts";

/** An address and a port. */
export interface Listen {
  readonly hostname: string;
  readonly port: number;
}

/** Where hax listens when it is told nothing else. */
export const DEFAULT_LISTEN: Listen = { hostname: "127.0.0.1", port: 8008 };

/**
 * Reads `192.168.0.1`, `192.168.0.1:8080`, `::1` or `[::1]:8080`. Port 0 is any free one.
 *
 * @throws {UsageError} when `text` is none of these
 *
 * @example
 * ```ts
 * import { parseListen } from "./listen.ts";
 *
 * if (parseListen("[::1]:8080").hostname !== "::1") throw new Error("wrong");
 * if (parseListen("10.0.0.1").port !== 8008) throw new Error("wrong");
 * ```
 */
export function parseListen(text: string): Listen {
  const [, v6, v4, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const bareV6 = /^[\da-f]*(:[\da-f.]*){2,}$/i.test(text) ? text : undefined;
  const hostname = v6 ?? v4 ?? bareV6;
  const port = digits === undefined ? DEFAULT_LISTEN.port : Number(digits);
  if (hostname !== undefined && port <= 65535) return { hostname, port };
  throw new UsageError(`${JSON.stringify(text)} is no address to listen on`, {
    hint: "write ADDR or ADDR:PORT, as in 127.0.0.1:8008 or [::1]:8008",
  });
}
