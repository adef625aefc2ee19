/**
 * The servers of Raft: `/v1/operator`.
 *
 * @module
 */

import * as z from "zod";
import type { Http } from "./http.ts";
import { consistencyOf, type ReadOptions } from "./request.ts";

/** A server in Raft's configuration. */
export interface RaftServer {
  readonly id: string;
  /** Consul's name of the node, `(unknown)` where Consul has none. */
  readonly node: string;
  readonly address: string;
  readonly leader: boolean;
  /** A server that came back is no voter for some seconds. */
  readonly voter: boolean;
}

const raftSchema = z.object({
  Servers: z.array(z.object({
    ID: z.string(),
    Node: z.string(),
    Address: z.string(),
    Leader: z.boolean(),
    Voter: z.boolean(),
  })),
});

/** What operators ask. */
export class Operator {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The servers that take part in Raft; with `stale` a server answers without a leader. */
  async raftConfiguration(options: ReadOptions = {}): Promise<RaftServer[]> {
    const answer = await this.#http.call({
      method: "GET",
      path: "/v1/operator/raft/configuration",
      query: consistencyOf(options),
    }, options);
    return answer.json(raftSchema).Servers.map((server) => ({
      id: server.ID,
      node: server.Node,
      address: server.Address,
      leader: server.Leader,
      voter: server.Voter,
    }));
  }
}
