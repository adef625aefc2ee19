/**
 * What can go wrong between Hare and Consul, as one class with a closed union of kinds.
 *
 * @module
 */

import { HareError, type HareErrorOptions } from "../lib/errors.ts";

/**
 * Kinds of {@linkcode ConsulError}.
 *
 * - `unreachable`: no connection, or it ended before an answer came
 * - `timeout`: no whole answer within the call's time limit
 * - `server`: Consul answered 5xx, for example because it has no leader
 * - `client`: Consul answered with another refusal (4xx, or a redirect)
 * - `forbidden`: the token lacks a right, or Consul does not know it (401, 403)
 * - `filtered`: the answer lacks what the token may not read, so that absence from it proves nothing
 * - `malformed`: the answer broke off, or is not what Consul's API promises
 */
export type ConsulErrorKind =
  | "unreachable"
  | "timeout"
  | "server"
  | "client"
  | "forbidden"
  | "filtered"
  | "malformed";

/** Details of a {@linkcode ConsulError}. */
export interface ConsulErrorDetails extends HareErrorOptions {
  readonly kind: ConsulErrorKind;
  /** Whether the same call may succeed later with nothing changed by a person. */
  readonly retryable: boolean;
  /** HTTP status, when there was one. */
  readonly status?: number | undefined;
  /** Text of the answer, when there was one. */
  readonly body?: string | undefined;
}

/**
 * A call of Consul's API failed.
 *
 * A call that its caller cancelled does not fail with this error: it throws the reason of the
 * caller's own signal.
 */
export class ConsulError extends HareError {
  override readonly name = "ConsulError";
  readonly kind: ConsulErrorKind;
  /** Whether the same call may succeed later with nothing changed by a person. */
  readonly retryable: boolean;
  /** HTTP status, when there was one. */
  readonly status: number | undefined;
  /** Text of the answer, when there was one; never holds the token. */
  readonly body: string | undefined;

  /** @param message which call failed and why, without a full stop at the end */
  constructor(message: string, details: ConsulErrorDetails) {
    super(message, details);
    this.kind = details.kind;
    this.retryable = details.retryable;
    this.status = details.status;
    this.body = details.body;
  }
}
