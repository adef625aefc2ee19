/**
 * `Deno.serve`, which goes on where it would end: when no file descriptor is left to take a connection
 * with, it listens no more, without a word until its last connection ends; then it ends the program.
 * Here all its connections are closed, and it starts anew on the same address.
 *
 * That is what there is against a flood of connections which never send a whole request: `Deno.serve`
 * keeps each for ever, with 20 KB of memory, and answers everybody else meanwhile. Neither it nor
 * `node:http` of Deno 2.4.2 has a time limit for the head of a request, or one for their number. So
 * they are bounded by who may connect, and by `LimitNOFILE` of the unit.
 *
 * @module
 */

import type { Listen } from "./listen.ts";
import type { Logger } from "./log.ts";

/** How often it is looked at whether the server still listens. */
const CHECK_MS = 2_000;

/** A server, from its making on. */
export class HttpServer implements AsyncDisposable {
  readonly #handler: Deno.ServeHandler<Deno.NetAddr>;
  readonly #log: Logger;
  readonly #timer: number;
  /** Where it listens. */
  readonly address: Listen;
  #current: Started;

  /** @throws what `Deno.serve` throws when it cannot listen */
  constructor(listen: Listen, handler: Deno.ServeHandler<Deno.NetAddr>, log: Logger) {
    this.#handler = handler;
    this.#log = log;
    this.#current = this.#start(listen);
    const { hostname, port } = this.#current.server.addr;
    this.address = { hostname, port };
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  /** Takes no further request, and ends once those that it has taken are answered. */
  async shutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#current.server.shutdown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  #start(listen: Listen): Started {
    const life = new AbortController();
    const { signal } = life;
    const server = Deno.serve({ ...listen, signal, onListen: () => {} }, this.#handler);
    server.finished.catch((error) => this.#log.debug("a server ended: {error}", { error }));
    return { server, life };
  }

  /** The address can be listened at only where nobody does any more. */
  #check(): void {
    try {
      const next = this.#start(this.address);
      this.#log.error("nobody listened any more: all connections are closed, and it starts anew");
      this.#current.life.abort();
      this.#current = next;
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return;
      this.#log.error("cannot take connections, and closes all: {error}", { error });
      this.#current.life.abort();
    }
  }
}

interface Started {
  readonly server: Deno.HttpServer<Deno.NetAddr>;
  /** Aborted to close all of its connections. */
  readonly life: AbortController;
}
