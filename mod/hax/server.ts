/**
 * hax as a daemon: its HTTP server and its own life, together.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import { HttpServer } from "../lib/http_server.ts";
import { formatListen, type Listen } from "../lib/listen.ts";
import { loggerOf } from "../lib/log.ts";
import { makeHandler } from "./handler.ts";
import { Hax, type HaxDeps } from "./hax.ts";
import { together } from "./together.ts";

/** Options of {@linkcode serveHax}. */
export interface ServeOptions {
  readonly listen: Listen;
  /** What lets other hosts tell hax something. {@default they may not} */
  readonly token?: string | null | undefined;
  /** Aborted to stop. */
  readonly signal: AbortSignal;
  /** Is told where hax listens, once it does. */
  readonly onListen?: (address: Listen) => void;
}

/** Where hax listens when it is told nothing else. */
export const DEFAULT_LISTEN: Listen = { hostname: "127.0.0.1", port: 8008 };

const log = loggerOf("hax");

/** An answer that takes longer than this when hax stops is not waited for. */
const LAST_ANSWERS_MS = 2_000;

/**
 * Serves until `signal` is aborted. It answers from the first moment on, while it still waits to
 * learn who it is; it stops with the last answer given and the last report recorded.
 *
 * @throws {HareError} when it cannot listen
 */
export async function serveHax(deps: HaxDeps, options: ServeOptions): Promise<void> {
  const hax = new Hax(deps);
  const server = listenAt(options, makeHandler(hax, { token: options.token }));
  const life = new AbortController();
  await together(options.signal, [
    () => hax.run(life.signal),
    async (signal) => {
      await aborted(signal);
      const limit = new AbortController();
      await Promise.race([server.shutdown(), deps.clock.sleep(LAST_ANSWERS_MS, limit.signal)]);
      limit.abort();
      life.abort();
    },
  ]);
}

function listenAt(
  { listen, onListen }: ServeOptions,
  handler: ReturnType<typeof makeHandler>,
): HttpServer {
  try {
    const server = new HttpServer(listen, handler, log);
    log.info("listens at {address}", { address: formatListen(server.address) });
    onListen?.(server.address);
    return server;
  } catch (error) {
    throw new HareError(
      `cannot listen at ${formatListen(listen)}: ${messageOf(error)}`,
      {
        hint: error instanceof Deno.errors.AddrInUse
          ? "does another hax run on this address? --listen gives another"
          : undefined,
        cause: error,
      },
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
