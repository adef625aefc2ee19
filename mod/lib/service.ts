/**
 * A process as a unit of systemd: it tells when it is ready, what it is about, that it stops, and
 * that it lives (sd_notify(3)). Where no systemd listens, nothing is told.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { sendDatagram } from "./datagram.ts";
import { HareError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { type Loop, runTogether } from "./run_together.ts";
import { visible } from "./visible.ts";

/** What {@linkcode runAsService} needs. */
export interface ServiceWorld {
  readonly env: (name: string) => string | undefined;
  readonly clock: Clock;
  /** Aborted when the process is to stop. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Id of this process. {@default Deno.pid} */
  readonly pid?: number | undefined;
  /** Sends a text to a socket. {@default sendDatagram} */
  readonly send?: ((path: string, text: string) => void) | undefined;
}

/** What a daemon tells whoever looks after it. */
export interface Service {
  /** It does not do its work yet, or not quite, and why. */
  waits(why: string): void;
  /** It does its work; what it is about, in a few words. */
  isReady(about: string): void;
}

/** A sign of life is given so many times within the watchdog's limit. */
const SIGNS_PER_LIMIT = 3;

/**
 * Runs a daemon to its end. Meanwhile the watchdog, if the unit has one, is shown that the event
 * loop turns; that Consul is away is no reason to be killed and started again.
 *
 * @param run the daemon, with the signal that is to stop it
 * @throws what `run` throws
 */
export async function runAsService(
  { env, clock, signal, log, pid = Deno.pid, send = sendDatagram }: ServiceWorld,
  run: (service: Service, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const socket = env("NOTIFY_SOCKET");
  /** Variables that systemd's full buffer has refused; the next datagram includes them. */
  const unsent = new Map<string, string>();
  const tell = (...lines: readonly string[]) => {
    if (!socket) return;
    for (const line of lines) unsent.set(line.split("=")[0] ?? line, line);
    try {
      send(socket, [...unsent.values()].join("\n"));
      unsent.clear();
    } catch (error) {
      if (!(error instanceof HareError)) throw error;
      log.warn("systemd cannot be told: {why}", { why: error.message });
    }
  };
  // One line of the protocol: a line end in it would begin another message, for example READY=1.
  const status = (text: string) => `STATUS=${visible(text.replaceAll(/\s+/g, " "))}`;
  const service: Service = {
    waits: (why) => tell(status(`waits: ${why}`)),
    isReady: (about) => tell("READY=1", status(about)),
  };
  const giveSigns = (everyMs: number): Loop => async (end) => {
    while (true) {
      tell("WATCHDOG=1");
      await clock.sleep(everyMs, end);
    }
  };
  const onStop = () => tell("STOPPING=1");
  signal.addEventListener("abort", onStop, { once: true });
  try {
    const limitMs = watchdogMs(env, pid);
    await runTogether([
      (end) => run(service, AbortSignal.any([signal, end])),
      ...(limitMs === null ? [] : [giveSigns(limitMs / SIGNS_PER_LIMIT)]),
    ]);
  } finally {
    signal.removeEventListener("abort", onStop);
  }
}

/** The watchdog's limit in milliseconds; `null` where this process has none. */
function watchdogMs(env: ServiceWorld["env"], pid: number): number | null {
  const limitUs = Number(env("WATCHDOG_USEC") ?? 0);
  const isMeant = (env("WATCHDOG_PID") ?? String(pid)) === String(pid);
  return limitUs > 0 && isMeant ? limitUs / 1000 : null;
}
