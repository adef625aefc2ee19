/**
 * A TCP relay on a loopback address: what stands between a client and a server, and can be cut.
 *
 * @module
 */

import { isDisconnect } from "../../mod/lib/io_error.ts";

/** A relay; it ends, with all its connections, when it is disposed of. */
export interface Relay extends AsyncDisposable {
  /** Where clients connect to: address and port. */
  readonly address: string;
  /** Breaks all connections that are open; new ones are let through. */
  cut(): void;
}

/**
 * Starts a relay to the server at `hostname:port`.
 *
 * @param at address that it listens on, at a port that is free
 */
export function startRelay(hostname: string, port: number, at = "127.0.0.1"): Relay {
  const listener = Deno.listen({ hostname: at, port: 0, transport: "tcp" });
  const open = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  const cut = () => {
    for (const connection of open) connection.close();
    open.clear();
  };
  const relay = async (client: Deno.TcpConn): Promise<void> => {
    open.add(client);
    const server = await Deno.connect({ hostname, port });
    // The client may have been cut while the server was being reached.
    if (!open.has(client)) return server.close();
    open.add(server);
    await Promise.all([copy(client, server), copy(server, client)]);
    for (const connection of [client, server]) if (open.delete(connection)) connection.close();
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const done = relay(client).finally(() => running.delete(done));
      running.add(done);
    }
  })();
  return {
    address: `${at}:${listener.addr.port}`,
    cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await accepting;
      await Promise.all(running);
    },
  };
}

/** Copies until either side ends, then ends the other. */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      let bytes = buffer.subarray(0, n);
      while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
    }
    await to.closeWrite();
  } catch (error) {
    if (!isDisconnect(error)) throw error;
  }
}
