/**
 * What a Consul agent answers, judged and parsed.
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
  /** `X-Consul-Index`: what a blocking query passes on; `null` where Consul sent none. */
  readonly index: number | null;
  /** Time since the server last heard of Raft's leader in milliseconds; Infinity if it knows none. */
  readonly leaderHeardMs: number;
  readonly text: string;
  /** The body as JSON of the form `schema`; throws a `malformed` error where it is not. */
  json<T>(schema: z.ZodType<T>): T;
}

/** What an answer comes to depends on. */
export interface AnswerContext {
  /** The request in an error, `GET http://127.0.0.1:8500/v1/kv/leader`. */
  readonly name: string;
  /** Whether the request had an ACL token. */
  readonly hasToken: boolean;
  /** Hides secrets that an answer may quote. */
  readonly redact: (text: string) => string;
}

/** Answers that hold nothing: of the key-value store, and JSON. */
const EMPTY: ReadonlySet<string> = new Set(["", "[]", "{}", "null"]);

/**
 * Makes an {@linkcode Answer} of a response.
 *
 * @throws {ConsulError} when it is a refusal, or Consul has left a part out
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
 * Consul (1.11 and later) says that it has filtered an answer, but only to a request with a token. To
 * one without it says what its default policy is, and then an empty answer proves nothing.
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
