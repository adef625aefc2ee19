/**
 * `hare/lock`: one operator at a time changes the cluster. The key tells who; its session ends by
 * itself when the operator's program does (spec: kv.md).
 *
 * @module
 */

import * as z from "zod";
import { type Consul, ConsulError } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError, messageOf } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";
import { LOCK } from "./keys.ts";

/** Who operates on the cluster. */
const holderSchema = jsonText(
  z.object({ host: z.string(), command: z.string(), since: z.string() }),
);

/** Consul's shortest is 10 s; it ends the session after up to twice this long. */
const TTL_MS = 15_000;
const RENEW_MS = 5_000;

/** Another operator has the lock. */
export class LockHeldError extends HareError {
  override readonly name = "LockHeldError";
}

/** Options of {@linkcode takeOperatorLock}. */
export interface OperatorLockOptions {
  /**
   * The host where the operator's program runs. It is the only one there, which the caller sees to:
   * a lock of the same host is what a program that died has left.
   */
  readonly host: string;
  /** The command, without secrets: `hare bootstrap`. */
  readonly command: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once when the lock is lost while it is held. */
  readonly onLost: (error: HareError) => void;
}

/**
 * Takes the lock and keeps it until disposed of.
 *
 * @throws {LockHeldError} when another operator has it; the message says who and since when
 */
export async function takeOperatorLock(
  consul: Consul,
  { host, command, clock, signal, onLost }: OperatorLockOptions,
): Promise<AsyncDisposable> {
  const session = await consul.session.create({
    name: nameOf({ host, command }),
    lockDelay: "0s",
    behavior: "delete",
    ttl: `${TTL_MS / 1000}s`,
    // A host whose agent starts again, or whose network was parted, has not ceased to operate.
    nodeChecks: [],
    serviceChecks: [],
  }, { signal });
  const since = new Date(clock.now()).toISOString();
  const value = JSON.stringify({ host, command, since });
  const acquire = () => consul.kv.acquire(LOCK, value, session, { signal });
  if (!await acquire()) {
    const other = await consul.kv.get(LOCK, { signal, consistent: true });
    // Any client can write the value; a session's name never changes.
    const holder = other?.session
      ? await consul.session.info(other.session, { signal, consistent: true })
      : null;
    const isOwn = holder !== null && holder.name.endsWith(nameOf({ host, command: "" }));
    if (isOwn) await consul.session.destroy(holder.id, { signal });
    if (!isOwn || !await acquire()) {
      await consul.session.destroy(session, { signal });
      const who = holder === null
        ? "its lock was just given back"
        : describeHolder(holder.name, other?.value ?? "");
      throw new LockHeldError(`somebody else operates on this cluster: ${who}`, {
        hint: `wait until that ends; if its program died, the lock ends ${
          2 * TTL_MS / 1000
        } s later`,
      });
    }
  }
  const stop = new AbortController();
  const renewing = renew(consul, session, clock, stop.signal).catch((error) => {
    if (stop.signal.aborted) return;
    const why = messageOf(error);
    onLost(new HareError(`the lock of this cluster was lost meanwhile: ${why}`, { cause: error }));
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await renewing;
      // Its key goes with it.
      await consul.session.destroy(session).catch((error) => {
        if (!(error instanceof ConsulError)) throw error; // then it ends by itself
      });
    },
  };
}

/**
 * Renews the session until aborted; tolerates short outages of Consul.
 *
 * @throws {HareError} when the session has ended, or does not hold the lock any more
 */
async function renew(
  consul: Consul,
  session: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let last = clock.monotonic();
  while (true) {
    await clock.sleep(RENEW_MS, signal);
    try {
      await consul.session.renew(session, { signal, timeoutMs: RENEW_MS });
      const lock = await consul.kv.get(LOCK, { signal, timeoutMs: RENEW_MS });
      if (lock?.session !== session) throw new HareError(`somebody has removed key ${LOCK}`);
      last = clock.monotonic();
    } catch (error) {
      const isBearable = error instanceof ConsulError && error.retryable &&
        clock.monotonic() - last < TTL_MS;
      if (!isBearable) throw error;
    }
  }
}

/** The session's name identifies the operation: `hare bootstrap on ssc-vm1`. */
function nameOf({ host, command }: { readonly host: string; readonly command: string }): string {
  return `${command} on ${host}`;
}

/** Who operates, from the session's name; since when, where the key's value is of the same. */
function describeHolder(name: string, value: string): string {
  const holder = holderSchema.safeParse(value).data;
  const since = holder !== undefined && nameOf(holder) === name ? `, since ${holder.since}` : "";
  return `${name}${since}`;
}
