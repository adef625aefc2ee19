/**
 * Refuses requests of web pages to Hare's servers, before any other processing. A web page in a
 * browser on this machine can send requests to the servers. With a host name that resolves to an
 * address of this machine (DNS rebinding) it can also read the answers.
 *
 * @module
 */

import type { Refusal, RequestHead } from "./http_head.ts";

/** How a request reached the server. */
export type Entrance =
  | {
    readonly transport: "tcp";
    /** The server's address of the connection. */
    readonly localAddress: string;
    /** Further names that the server accepts as `Host`. */
    readonly names: readonly string[];
  }
  | { readonly transport: "unix" };

/**
 * Why a request is refused; `null` if it is accepted. The guard refuses:
 *
 * - over TCP, a `Host` that is neither the server's address nor one of its names;
 * - requests of web pages of another origin, including requests that only read;
 * - methods other than GET and HEAD without a JSON content type: a page can send three other
 *   content types to any server without a preflight request.
 *
 * @example
 * ```ts
 * import { guard } from "./http_guard.ts";
 * import { parseRequestHead } from "./http_head.ts";
 *
 * const head = parseRequestHead("GET / HTTP/1.1\r\nHost: rebound.example");
 * const entrance = { transport: "tcp", localAddress: "127.0.0.1", names: [] } as const;
 * if (!("url" in head) || guard(head, entrance)?.status !== 421) throw new Error("it is refused");
 * ```
 */
export function guard(head: RequestHead, entrance: Entrance): Refusal | null {
  const { method, headers, host } = head;
  if (entrance.transport === "tcp" && !answersFor(host, entrance.localAddress, entrance.names)) {
    return { status: 421, reason: `this server does not answer for host ${host}` };
  }
  const origin = headers.get("origin");
  if (origin !== null && origin.toLowerCase() !== head.url.origin) {
    return { status: 403, reason: "requests of web pages of another origin are refused" };
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  if (site !== "none" && site !== "same-origin") {
    return { status: 403, reason: "requests of web pages of another site are refused" };
  }
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead && !/^application\/json *(;|$)/i.test(headers.get("content-type") ?? "")) {
    return { status: 415, reason: "the body must be JSON: content-type: application/json" };
  }
  return null;
}

function answersFor(host: string, localAddress: string, names: readonly string[]): boolean {
  const local = localAddress.replace(/^::ffff:/, "").toLowerCase();
  if (host === local || names.some((name) => name.toLowerCase() === host)) return true;
  return host === "localhost" && isLoopback(local);
}

/** Whether this is a loopback address. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(address);
}
