/**
 * One Consul agent, all families of its API together.
 *
 * @module
 */

import { type Clock, systemClock } from "../lib/clock.ts";
import { Agent } from "./agent.ts";
import { Catalog } from "./catalog.ts";
import type { CredentialsOptions } from "./credentials.ts";
import { Health } from "./health.ts";
import { Http } from "./http.ts";
import type { CallOptions } from "./request.ts";
import { Kv } from "./kv.ts";
import { Operator } from "./operator.ts";
import { Session } from "./session.ts";
import { Status } from "./status.ts";
import { runTxn, type TxnOp, type TxnResult } from "./txn.ts";
import { Watcher } from "./watch.ts";

/** Certificates in PEM. */
export interface ConsulTls {
  /** Authorities trusted besides the system's. */
  readonly caCerts?: readonly string[] | undefined;
  /** This client's certificate and its key. */
  readonly clientCert?: { readonly cert: string; readonly key: string } | undefined;
}

/** Options of {@linkcode Consul}. */
export interface ConsulOptions extends CredentialsOptions {
  /** `http://` or `https://`, host and port, perhaps the path prefix of a proxy. */
  readonly address: string;
  /** Files of one's own for TLS. */
  readonly tls?: ConsulTls | undefined;
  /** {@default systemClock} */
  readonly clock?: Clock | undefined;
  /** Number in [0, 1), for jitter. {@default Math.random} */
  readonly random?: (() => number) | undefined;
}

/** Consul's API at one agent. See the module's text for an example. */
export class Consul implements Disposable {
  /** Where the agent is. */
  readonly address: string;
  readonly kv: Kv;
  readonly session: Session;
  readonly catalog: Catalog;
  readonly health: Health;
  readonly agent: Agent;
  readonly status: Status;
  readonly operator: Operator;
  readonly #http: Http;
  readonly #client: Deno.HttpClient | undefined;

  /** @throws {HareError} when the token, or a certificate, cannot be used */
  constructor(options: ConsulOptions) {
    this.#client = options.tls && clientOf(options.tls);
    this.#http = new Http({ ...options, client: this.#client });
    const watcher = new Watcher(this.#http, {
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
    });
    this.address = this.#http.address;
    this.kv = new Kv(this.#http, watcher);
    this.session = new Session(this.#http);
    this.catalog = new Catalog(this.#http);
    this.health = new Health(this.#http, watcher);
    this.agent = new Agent(this.#http);
    this.status = new Status(this.#http);
    this.operator = new Operator(this.#http);
  }

  /** Runs a transaction on the key-value store (see `txn.ts`). */
  async txn(ops: readonly TxnOp[], options: CallOptions = {}): Promise<TxnResult> {
    return await runTxn(this.#http, ops, options);
  }

  /** Whether Raft had a leader according to the agent's latest answer; sends no request. */
  get isLed(): boolean {
    return this.#http.isLed;
  }

  /** Closes the connections of cancelled requests, and of a client with TLS files. */
  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
    this.#client?.close();
  }
}

function clientOf(tls: ConsulTls): Deno.HttpClient {
  return Deno.createHttpClient({
    caCerts: [...(tls.caCerts ?? [])],
    ...(tls.clientCert ?? {}),
  });
}
