/**
 * Who leads Raft: `/v1/status`.
 *
 * @module
 */

import * as z from "zod";
import type { Http } from "./http.ts";
import type { CallOptions } from "./request.ts";

/** The state of Raft as the agent's datacenter sees it. */
export class Status {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Address of the Raft leader, or `null` while there is none. */
  async leader(options: CallOptions = {}): Promise<string | null> {
    const answer = await this.#http.call({ method: "GET", path: "/v1/status/leader" }, options);
    return answer.json(z.string()) || null;
  }

  /** Addresses of the servers that take part in Raft. */
  async peers(options: CallOptions = {}): Promise<string[]> {
    const answer = await this.#http.call({ method: "GET", path: "/v1/status/peers" }, options);
    return answer.json(z.array(z.string()));
  }
}
