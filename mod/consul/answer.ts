/**
 * Validates and parses the answers of a Consul agent.
 *
 * @module
 */

import type * as z from "zod";
import type { ConsulError } from "./errors.ts";
import * as failure from "./failures.ts";
import type { Request } from "./request.ts";

/** The agent's answer. */
export interface Answer {
  readonly status: number;
  /** `X-Consul-Index`, for the next blocking query; `null` if Consul sent none. */
  readonly index: number | null;
  /** Milliseconds since the server's last contact with Raft's leader; Infinity if it knows none. */
  readonly leaderHeardMs: number;
  readonly text: string;
  /** The body as JSON that matches `schema`; throws a `malformed` error if it does not match. */
  json<T>(schema: z.ZodType<T>): T;
}

/** The context in which an answer is evaluated. */
export interface AnswerContext {
  /** The request as errors show it, `GET http://127.0.0.1:8500/v1/kv/leader`. */
  readonly name: string;
  /** Whether the request had an ACL token. */
  readonly hasToken: boolean;
  /** Removes secrets that an answer may quote. */
  readonly redact: (text: string) => string;
}

/** Empty answers: of the key-value store, and as JSON. */
const EMPTY: ReadonlySet<string> = new Set(["", "[]", "{}", "null"]);

/**
 * Converts a response into an {@linkcode Answer}.
 *
 * @throws {ConsulError} when the response is a refusal, or Consul has left a part out
 */
export function answerOf(
  request: Request,
  response: Pick<Response, "status" | "ok" | "headers">,
  text: string,
  context: AnswerContext,
): Answer {
  const { status, ok, headers } = response;
  const { name, hasToken, redact } = context;
  if (!ok && !request.expect?.includes(status)) {
    throw failure.refusal(name, status, redact(text.trim()));
  }
  if (isFiltered(request, headers, text, hasToken)) {
    throw failure.filtered(name, request.right, hasToken);
  }
  return {
    status,
    index: numberIn(headers.get("x-consul-index")),
    leaderHeardMs: headers.get("x-consul-knownleader") === "false"
      ? Infinity
      : numberIn(headers.get("x-consul-lastcontact")) ?? 0,
    text,
    json: (schema) => parse(text, schema, context),
  };
}

/**
 * Consul (1.11 and later) reports that it has filtered an answer, but only if the request has a
 * token. Otherwise it reports its default policy; if that denies, an empty answer proves nothing.
 */
function isFiltered(request: Request, headers: Headers, text: string, hasToken: boolean): boolean {
  if (headers.get("x-consul-results-filtered-by-acls") === "true") return true;
  return request.right !== undefined && !hasToken &&
    headers.get("x-consul-default-acl-policy") === "deny" && EMPTY.has(text.trim());
}

function parse<T>(text: string, schema: z.ZodType<T>, context: AnswerContext): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw malformed(context, `no JSON: ${failure.beginningOf(text)}`, true);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") || "the answer";
  throw malformed(context, `${where}: ${issue?.message}`, false);
}

function malformed({ name, redact }: AnswerContext, what: string, retryable: boolean): ConsulError {
  return failure.malformed(name, redact(what), retryable);
}

function numberIn(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}
