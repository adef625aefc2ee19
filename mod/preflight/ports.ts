/**
 * Ports that must be free: found out by listening.
 *
 * @module
 */

import { messageOf } from "../lib/errors.ts";
import type { BusyPort } from "./answer.ts";
import type { Port } from "./question.ts";

/** Listens, and stops again at once. */
export type TryListen = (address: string, port: number) => void;

/** {@linkcode TryListen} on this machine. */
export function tryListen(hostname: string, port: number): void {
  Deno.listen({ hostname, port }).close();
}

/**
 * The ports on which nobody else can listen now.
 *
 * @param dataAddress what `data` stands for; without it those ports are passed over
 */
export function busyAmong(
  ports: readonly Port[],
  dataAddress: string | undefined,
  listen: TryListen,
): readonly BusyPort[] {
  return ports.flatMap(({ address: where, port, unit }) => {
    const address = where === "data" ? dataAddress : where;
    if (address === undefined) return [];
    try {
      listen(address, port);
      return [];
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return [{ address, port, unit, why: "in use" }];
      if (
        error instanceof Deno.errors.PermissionDenied ||
        error instanceof Deno.errors.AddrNotAvailable
      ) return [{ address, port, unit, why: messageOf(error) }];
      throw error;
    }
  });
}
