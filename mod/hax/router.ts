/**
 * A small table of routes: which path and method is served by what.
 *
 * @module
 */

import type { Peer } from "../lib/http_server.ts";

/** Serves one path and method. */
export type Serve = (request: Request, exchange: Exchange) => Promise<Response> | Response;

/** What belongs to a request besides itself. */
export interface Exchange {
  /** Who sent it. */
  readonly peer: Peer;
  /** The variable part of the path, decoded; empty where there is none. */
  readonly param: string;
}

/** A path, with what serves it. */
export interface Route {
  /** `/health`, or with a variable last segment `/health/*`. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<"GET" | "POST", Serve>>>;
}

/** What a request's path and method come to. */
export type Match =
  | { readonly found: true; readonly path: string; readonly serve: Serve; readonly param: string }
  | { readonly found: false; readonly path: string | null; readonly response: Response };

/**
 * Finds what serves `request`. Where GET is served, so is HEAD: the server leaves the body out.
 */
export function match(routes: readonly Route[], request: Request): Match {
  const { pathname } = new URL(request.url);
  for (const { path, methods } of routes) {
    const param = paramOf(path, pathname);
    if (param === null) continue;
    const method = request.method === "HEAD" ? "GET" : request.method;
    const serve = method === "GET" || method === "POST" ? methods[method] : undefined;
    if (serve !== undefined) return { found: true, path, serve, param };
    const allow = Object.keys(methods).flatMap((m) => m === "GET" ? ["GET", "HEAD"] : [m]);
    const response = refusal(405, `${path} is served for ${allow.join(", ")}`);
    response.headers.set("allow", allow.join(", "));
    return { found: false, path, response };
  }
  return { found: false, path: null, response: refusal(404, "there is nothing at this path") };
}

/** The variable part of `pathname` where it is a `path`; `null` where it is not. */
function paramOf(path: string, pathname: string): string | null {
  if (!path.endsWith("/*")) return path === pathname ? "" : null;
  const prefix = path.slice(0, -1);
  const rest = pathname.slice(prefix.length);
  if (!pathname.startsWith(prefix) || rest === "" || rest.includes("/")) return null;
  try {
    return decodeURIComponent(rest);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** A JSON answer. */
export function jsonResponse(status: number, value: unknown): Response {
  return Response.json(value, { status });
}

/** Seconds after which somebody who was turned away may come again. */
const RETRY_AFTER = "1";

/** An answer that says why there is none, and when to come again where that helps. */
export function refusal(status: number, reason: string): Response {
  const response = jsonResponse(status, { error: reason });
  if (status === 503) response.headers.set("retry-after", RETRY_AFTER);
  if (status === 401) response.headers.set("www-authenticate", "Bearer");
  return response;
}
