/**
 * A coordinator's metrics on HTTP, at `/metrics`, for Prometheus on the same machine.
 *
 * @module
 */

import { messageOf } from "../lib/errors.ts";
import { HttpServer } from "../lib/http_server.ts";
import { formatListen, type Listen } from "../lib/listen.ts";
import type { Logger } from "../lib/log.ts";
import { type Metric, renderMetrics } from "../lib/metrics.ts";

/** Where a coordinator's metrics are when it is told nothing else. */
export const DEFAULT_METRICS: Listen = { hostname: "127.0.0.1", port: 8009 };

/** Options of {@linkcode serveMetrics}. */
export interface MetricsServerOptions {
  /** Names, besides its address, that it answers for. */
  readonly names: readonly string[];
  readonly log: Logger;
}

/**
 * Serves metrics until disposed of. Where it cannot listen it says so, and there are none: a
 * coordinator is worth more than its metrics.
 */
export function serveMetrics(
  listen: Listen,
  metrics: () => readonly Metric[],
  { names, log }: MetricsServerOptions,
): AsyncDisposable {
  const address = formatListen(listen);
  try {
    const answer = (request: Request) => {
      const { pathname } = new URL(request.url);
      if (pathname !== "/metrics") return new Response("see /metrics\n", { status: 404 });
      return new Response(renderMetrics(metrics()), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      });
    };
    const server = new HttpServer(listen, answer, log, { names });
    log.debug("metrics are at {address}", { address });
    return server;
  } catch (error) {
    log.error("there are no metrics: cannot listen at {address}: {why}", {
      address,
      why: messageOf(error),
    });
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}
