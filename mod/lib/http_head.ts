/**
 * A strict parser for the head of an HTTP/1.1 request: it refuses ambiguous requests.
 *
 * @module
 */

/** A request's head. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  /** The host of the `Host` header, without the port and the brackets of IPv6, in lower case. */
  readonly host: string;
  readonly headers: Headers;
  /** Length of the body in bytes. */
  readonly contentLength: number;
}

/** The reason for a refusal. */
export interface Refusal {
  /** HTTP status, 4xx or 5xx. */
  readonly status: number;
  /** One sentence for the caller. */
  readonly reason: string;
}

/** A request has at most this many headers. */
const MAX_HEADERS = 100;

const REQUEST_LINE = /^([A-Z]{1,16}) (\S+) HTTP\/(\d\.\d)$/;
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const HOST = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i;
const LENGTH = /^\d{1,15}$/;

/**
 * Parses a request's head.
 *
 * @param text the head without its final empty line, one character for each byte
 *
 * @example
 * ```ts
 * import { parseRequestHead } from "./http_head.ts";
 *
 * const head = parseRequestHead("GET /health HTTP/1.1\r\nHost: localhost:8008");
 * if (!("url" in head) || head.host !== "localhost") throw new Error("wrong");
 * if (!("status" in parseRequestHead("GET /health HTTP/1.1"))) throw new Error("it has no host");
 * ```
 */
export function parseRequestHead(text: string): RequestHead | Refusal {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const [, method, target, version] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) return bad("this is no HTTP request");
  if (version !== "1.1" && version !== "1.0") {
    return { status: 505, reason: "only HTTP/1.1 and HTTP/1.0 are served" };
  }
  if (/^(CONNECT|TRACE|TRACK)$/.test(method)) {
    return { status: 501, reason: `${method} is not served` };
  }
  if (lines.length > MAX_HEADERS) {
    return { status: 431, reason: `the request has more than ${MAX_HEADERS} headers` };
  }
  const headers = new Headers();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return bad("a header is malformed");
    // With two of these, a proxy may parse the request differently.
    if (/^(host|content-length|content-type|transfer-encoding|origin)$/i.test(name)) {
      if (headers.has(name)) return bad(`the request has two headers ${name.toLowerCase()}`);
    }
    headers.append(name, value.trimEnd());
  }
  return withBody(method, target, headers);
}

function withBody(method: string, target: string, headers: Headers): RequestHead | Refusal {
  const authority = headers.get("host");
  const [, v6, name] = HOST.exec(authority ?? "") ?? [];
  const host = (v6 ?? name)?.toLowerCase();
  if (host === undefined) return bad("the request has no host, or a malformed one");
  const url = target.startsWith("/") ? urlOf(`http://${authority}${target}`) : null;
  if (url === null) return bad("the request's target is no path");
  if (headers.has("transfer-encoding")) {
    return { status: 411, reason: "a body needs a content-length, not a transfer-encoding" };
  }
  const length = headers.get("content-length") ?? "0";
  if (!LENGTH.test(length)) return bad("the content-length is no number");
  return { method, url, host, headers, contentLength: Number(length) };
}

function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function bad(reason: string): Refusal {
  return { status: 400, reason };
}
