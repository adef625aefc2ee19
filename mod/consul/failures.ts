/**
 * The errors of an exchange with an agent, with their messages.
 *
 * @module
 */

import { messageOf } from "../lib/errors.ts";
import { excerpt } from "../lib/excerpt.ts";
import { ConsulError } from "./errors.ts";

const NO_LEADER_HINT = "an election takes seconds; if it does not end, are most of the servers up?";

/** The agent has reached its limit of connections from this machine's address. */
export function tooManyConnections(name: string): ConsulError {
  return new ConsulError(`${name}: Consul answered 429: too many connections of this address`, {
    kind: "client",
    retryable: true,
    status: 429,
    hint:
      "`ss -tanp` shows whose they are; see `limits.http_max_conns_per_client` in the agent's " +
      "configuration",
  });
}

/** The agent answered with a status that is not 2xx and not expected. */
export function refusal(name: string, status: number, body: string): ConsulError {
  if (status === 429 && /too many concurrent connections/i.test(body)) {
    return tooManyConnections(name);
  }
  const message = `${name}: Consul answered ${status}: ${beginningOf(body) || "no text"}`;
  if (status === 401 || status === 403) {
    return new ConsulError(message, {
      kind: "forbidden",
      retryable: false,
      status,
      body,
      hint: "set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE to a token that may do this",
    });
  }
  // Some releases answer 500 to a request that they will never accept: a retry is useless.
  if (status >= 500 && !/too large/i.test(body)) {
    return new ConsulError(message, {
      kind: "server",
      retryable: true,
      status,
      body,
      hint: /no cluster leader|rpc error|no path/i.test(body) ? NO_LEADER_HINT : undefined,
    });
  }
  return new ConsulError(message, {
    kind: "client",
    retryable: status === 429,
    status,
    body,
    hint: status === 429
      ? "the agent limits its requests: see `limits` in its configuration"
      : status < 400
      ? "redirects are not followed: set CONSUL_HTTP_ADDR to the agent itself"
      : undefined,
  });
}

/**
 * Consul has left out entries that the token may not read. The error may be temporary: an operator
 * may grant the right at any time, and a daemon waits for it.
 *
 * @param right the rules that let a token read everything that was asked for
 */
export function filtered(name: string, right: string | undefined, hasToken: boolean): ConsulError {
  const needs = right === undefined ? "" : `: it needs ${right}`;
  const message = hasToken
    ? `${name}: Consul has left out what the token may not read${needs}`
    : `${name}: Consul shows nothing without a token${needs}`;
  return new ConsulError(message, {
    kind: "filtered",
    retryable: true,
    hint: hasToken
      ? "grant the token of CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE that right"
      : "set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE",
  });
}

/** Whether `error` means that a connection existed, but ended before the answer arrived. */
export function wasClosed(error: unknown): boolean {
  return error instanceof ConsulError && error.kind === "unreachable" &&
    !messageOf(error.cause).includes("client error (Connect)");
}

/** There was no connection, or it ended before an answer arrived. */
export function unreachable(name: string, error: TypeError): ConsulError {
  return new ConsulError(`${name}: cannot reach Consul: ${reasonOf(error)}`, {
    kind: "unreachable",
    retryable: true,
    hint: "is the agent running, and is CONSUL_HTTP_ADDR its address?",
    cause: error,
  });
}

/** No complete answer arrived within the time limit. */
export function timeout(name: string, timeoutMs: number): ConsulError {
  return new ConsulError(`${name}: Consul did not answer within ${timeoutMs / 1000} s`, {
    kind: "timeout",
    retryable: true,
    hint: "is the agent, or the network to it, overloaded or cut off?",
  });
}

/** The request was held for its whole time limit, because there was no leader. */
export function leaderless(name: string): ConsulError {
  return new ConsulError(`${name}: the servers of Consul have no leader`, {
    kind: "server",
    retryable: true,
    hint: NO_LEADER_HINT,
  });
}

/** The connection ended within the answer. */
export function brokenOff(name: string, error: TypeError): ConsulError {
  return new ConsulError(`${name}: the answer broke off: ${messageOf(error)}`, {
    kind: "malformed",
    retryable: true,
    hint: "did the agent stop? see its log",
    cause: error,
  });
}

/**
 * The answer violates Consul's API. The parser's own error is hidden: it would quote the answer.
 */
export function malformed(name: string, what: string, retryable: boolean): ConsulError {
  return new ConsulError(`${name}: not an answer of Consul: ${what}`, {
    kind: "malformed",
    retryable,
    hint: "does a Consul agent listen at CONSUL_HTTP_ADDR?",
  });
}

/** The beginning of a possibly long answer. */
export function beginningOf(answer: string): string {
  return excerpt(answer, 200);
}

/** The system's error: the end of fetch's message, without addresses and repetitions. */
function reasonOf(error: TypeError): string {
  const chain = /client error \(\w+\): (.*)/s.exec(error.message)?.[1] ?? error.message;
  return [...new Set(chain.split(": "))].filter((part) => part !== "tcp connect error").join(": ");
}
