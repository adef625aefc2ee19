/**
 * hax as a daemon: its HTTP servers and its own life, together.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import type { Refusal } from "../lib/http_head.ts";
import { HttpServer, type HttpServerOptions } from "../lib/http_server.ts";
import { formatListen, type Listen } from "../lib/listen.ts";
import { loggerOf } from "../lib/log.ts";
import { aborted } from "../lib/or_aborted.ts";
import { dirname } from "../lib/std/path.ts";
import { isListenedAt, type SocketPath } from "../lib/unix_socket.ts";
import { makeHandler, requestCounter } from "./handler.ts";
import { Hax, type HaxDeps } from "./hax.ts";
import { together } from "./together.ts";

/** Options of {@linkcode serveHax}. */
export interface ServeOptions {
  readonly listen: Listen;
  /** Path of a Unix socket that accepts reports of processes. {@default no socket} */
  readonly socket?: string | undefined;
  /** Names, besides the address, that hax accepts as `Host` over TCP. {@default none} */
  readonly names?: readonly string[] | undefined;
  /** Token that permits reports over TCP. {@default no reports over TCP} */
  readonly token?: string | null | undefined;
  /** Aborted to stop. */
  readonly signal: AbortSignal;
  /** Is told where hax listens, once it does. */
  readonly onListen?: (address: Listen) => void;
}

/** Where hax listens when it is told nothing else. */
export const DEFAULT_LISTEN: Listen = { hostname: "127.0.0.1", port: 8008 };

/** Its owner and its group may connect. */
const SOCKET_MODE = 0o660;
const DIRECTORY_MODE = 0o750;

const log = loggerOf("hax");

/**
 * Serves until `signal` is aborted. It answers from the first moment on, while it still waits to
 * learn which node it is on; it stops with the last answer given and the last report recorded.
 *
 * @throws {HareError} when it cannot listen
 */
export async function serveHax(deps: HaxDeps, options: ServeOptions): Promise<void> {
  const { listen, socket, names, token, onListen } = options;
  const hax = new Hax(deps);
  const requests = requestCounter();
  const handler = makeHandler(hax, { token, requests });
  const onRefused = ({ status }: Refusal) =>
    requests.add({ path: "other", status: String(status) });
  const serve = (at: Listen | SocketPath) => listenAt(at, handler, { names, onRefused });
  await using tcp = serve(listen);
  await using unix = socket === undefined ? null : await serveSocket(socket, serve);
  onListen?.(tcp.address);
  const life = new AbortController();
  await together(options.signal, [
    () => hax.run(life.signal),
    async (signal) => {
      await aborted(signal);
      await Promise.all([tcp.shutdown(), unix?.shutdown()]);
      life.abort();
    },
  ]);
}

/**
 * Replaces the socket that a killed hax has left, but not a socket with a listening program.
 * Creates a missing directory; systemd creates the directory of the unit.
 */
async function serveSocket(
  path: string,
  serve: (at: SocketPath) => HttpServer,
): Promise<HttpServer> {
  await Deno.mkdir(dirname(path), { mode: DIRECTORY_MODE }).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  if (await isListenedAt(path)) {
    throw new HareError(`cannot listen at ${path}: another program does`, {
      hint: "does another hax run on this host? --socket gives another path",
    });
  }
  return serve({ path, mode: SOCKET_MODE });
}

function listenAt(
  at: Listen | SocketPath,
  handler: ReturnType<typeof makeHandler>,
  options: HttpServerOptions,
): HttpServer {
  const name = "path" in at ? at.path : formatListen(at);
  try {
    const server = new HttpServer(at, handler, log, options);
    log.info("listens at {address}", {
      address: "path" in at ? name : formatListen(server.address),
    });
    return server;
  } catch (error) {
    if (error instanceof HareError) throw error;
    throw new HareError(`cannot listen at ${name}: ${messageOf(error)}`, {
      hint: error instanceof Deno.errors.AddrInUse
        ? "does another hax run on this address? --listen gives another"
        : undefined,
      cause: error,
    });
  }
}
