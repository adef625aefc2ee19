/**
 * hax on HTTP: the table of what is served (spec: halink.md, HTTP side).
 *
 * Whatever comes in, something orderly goes out: what is wrong with a request is said with a status
 * of 4xx, counted, and changes nothing.
 *
 * @module
 */

import { entrypointJson } from "../entrypoint/render.ts";
import type { EntrypointAnswer } from "../entrypoint/entrypoint.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { Counter, type Metric, renderMetrics } from "../lib/metrics.ts";
import type { Handler } from "../lib/http_server.ts";
import { admit } from "./access.ts";
import { type Hint, parseHint, parseReport } from "./bodies.ts";
import type { Reception } from "./hax.ts";
import { type HaxHealth, type Health, statusOf } from "./health.ts";
import { BodyReader, RequestRefused } from "./json_body.ts";
import { jsonResponse, match, refusal, type Route } from "./router.ts";
import { processOfServiceIdIfAny } from "./service_id.ts";
import type { Report } from "./transition.ts";

/** What is asked of hax and told to it. */
export interface Served {
  health(): HaxHealth;
  healthOf(fid: Fid): Health | null;
  entrypoint(): EntrypointAnswer;
  report(fid: Fid, report: Report): Reception;
  takeHint(hint: Hint): void;
  metrics(): readonly Metric[];
}

const log = loggerOf("hax", "http");

/** Options of {@linkcode makeHandler}. */
export interface HandlerOptions {
  /** What lets other hosts tell hax something. {@default they may not} */
  readonly token?: string | null | undefined;
  /** Reads the bodies of requests. */
  readonly bodies?: BodyReader | undefined;
  /** Counts the answers. */
  readonly requests?: Counter | undefined;
}

/** A counter of answers, for {@linkcode HandlerOptions}. */
export function requestCounter(): Counter {
  return new Counter("hare_hax_http_requests_total", "HTTP requests answered.");
}

/** Makes the handler of all requests; it never throws. */
export function makeHandler(
  hax: Served,
  { token = null, bodies = new BodyReader(), requests = requestCounter() }: HandlerOptions = {},
): Handler {
  const routes: readonly Route[] = [
    {
      path: "/",
      methods: {
        GET: () => jsonResponse(200, { message: "I am alive" }),
        POST: async (request, { peer }) => {
          admit(request, peer, "hint", token);
          hax.takeHint(parseHint(await bodies.json(request)));
          return jsonResponse(200, { message: "noted" });
        },
      },
    },
    { path: "/health", methods: { GET: () => haxHealthResponse(hax.health()) } },
    {
      path: "/health/*",
      methods: {
        GET: (_, { param }) => {
          const fid = fidOf(param);
          const health = hax.healthOf(fid);
          return health === null ? unknownProcess(fid) : healthResponse(health);
        },
      },
    },
    { path: "/entrypoint", methods: { GET: () => entrypointResponse(hax.entrypoint()) } },
    {
      path: "/metrics",
      methods: {
        GET: () =>
          new Response(renderMetrics([...hax.metrics(), requests.metric()]), {
            headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
          }),
      },
    },
    {
      path: "/processes/*",
      methods: {
        POST: async (request, { param, peer }) => {
          admit(request, peer, "report", token);
          const fid = fidOf(param);
          const reception = hax.report(fid, parseReport(await bodies.json(request)));
          return receptionResponse(reception, fid);
        },
      },
    },
  ];
  return async (request, peer) => {
    const matched = match(routes, request);
    const response = matched.found
      ? await answer(() => matched.serve(request, { param: matched.param, peer }))
      : matched.response;
    requests.add({ path: matched.path ?? "other", status: String(response.status) });
    return response;
  };
}

/** What `serve` answers; what it throws as an answer. */
async function answer(serve: () => Promise<Response> | Response): Promise<Response> {
  try {
    return await serve();
  } catch (error) {
    if (error instanceof RequestRefused) {
      log.debug("refuses a request: {status} {reason}", {
        status: error.status,
        reason: error.message,
      });
      return refusal(error.status, error.message);
    }
    log.error("a request failed, a fault of the program itself: {error}", {
      error: error instanceof Error ? error.stack : error,
    });
    return refusal(500, "a fault of hax itself: see its log");
  }
}

function healthResponse({ level, why }: Health): Response {
  return new Response(`${why}\n`, { status: statusOf(level) });
}

function haxHealthResponse(health: HaxHealth): Response {
  return jsonResponse(statusOf(health.level), health);
}

function entrypointResponse(answer: EntrypointAnswer): Response {
  return answer.known
    ? jsonResponse(200, entrypointJson(answer.entrypoint))
    : refusal(503, answer.why);
}

function receptionResponse(reception: Reception, fid: Fid): Response {
  switch (reception) {
    case "taken":
      return jsonResponse(202, { message: "taken" });
    case "not now":
      return refusal(503, "hax cannot take a report now: see GET /health, and come again");
    case "not of this node":
      return unknownProcess(fid);
    case "not of its unit":
      return refusal(
        403,
        `the process with this pid does not belong to a unit of ${formatFid(fid)}`,
      );
  }
}

function unknownProcess(fid: Fid): Response {
  return refusal(404, `the configuration has no process ${formatFid(fid)} on this node`);
}

function fidOf(text: string): Fid {
  const fid = processOfServiceIdIfAny(text);
  if (fid === null) throw new RequestRefused(404, `${JSON.stringify(text)} is no process fid`);
  return fid;
}
