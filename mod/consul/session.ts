/**
 * Sessions, which hold locks: `/v1/session`.
 *
 * @module
 */

import * as z from "zod";
import type { Http } from "./http.ts";
import { type CallOptions, consistencyOf, type ReadOptions } from "./request.ts";
import { readAll } from "./rights.ts";

/** What a session is made of. */
export interface SessionDefinition {
  readonly name: string;
  /** {@default the agent's node} */
  readonly node?: string | undefined;
  /** How long its locks stay taken after it is lost, for example `1s`; at most 60 s. */
  readonly lockDelay: string;
  /** What becomes of its locked keys when it ends. {@default "release"} */
  readonly behavior?: "release" | "delete" | undefined;
  /** It ends when it is not renewed for this long, for example `15s`, or up to twice as long. */
  readonly ttl?: string | undefined;
  /** Ids of checks of the node that end the session when critical. */
  readonly nodeChecks: readonly string[];
  /** Ids of checks of services of the node that end the session when critical. */
  readonly serviceChecks: readonly string[];
}

/** A session as Consul has it. */
export interface SessionInfo {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly lockDelayMs: number;
  readonly behavior: "release" | "delete";
  readonly nodeChecks: readonly string[];
  readonly serviceChecks: readonly string[];
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const sessionsSchema = z.array(
  z.object({
    ID: z.string(),
    Name: z.string(),
    Node: z.string(),
    LockDelay: z.number(), // nanoseconds
    Behavior: z.enum(["release", "delete"]),
    NodeChecks: z.array(z.string()).nullish(),
    ServiceChecks: z.array(z.object({ ID: z.string() })).nullish(),
    CreateIndex: z.number(),
    ModifyIndex: z.number(),
  }).transform((raw): SessionInfo => ({
    id: raw.ID,
    name: raw.Name,
    node: raw.Node,
    lockDelayMs: raw.LockDelay / 1e6,
    behavior: raw.Behavior,
    nodeChecks: raw.NodeChecks ?? [],
    serviceChecks: (raw.ServiceChecks ?? []).map(({ ID }) => ID),
    createIndex: raw.CreateIndex,
    modifyIndex: raw.ModifyIndex,
  })),
).nullable().transform((sessions) => sessions ?? []);

/** The sessions of one datacenter. */
export class Session {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Makes a session and returns its id.
   *
   * @throws {ConsulError} of kind `server` when a check is critical, or unknown to the catalog
   */
  async create(definition: SessionDefinition, options: CallOptions = {}): Promise<string> {
    const body = JSON.stringify({
      Name: definition.name,
      ...(definition.node === undefined ? {} : { Node: definition.node }),
      LockDelay: definition.lockDelay,
      Behavior: definition.behavior ?? "release",
      ...(definition.ttl === undefined ? {} : { TTL: definition.ttl }),
      NodeChecks: definition.nodeChecks,
      ServiceChecks: definition.serviceChecks.map((ID) => ({ ID })),
    });
    const request = { method: "PUT", path: "/v1/session/create", body } as const;
    return (await this.#http.call(request, options)).json(z.object({ ID: z.string() })).ID;
  }

  /**
   * Has a session with a TTL live for that long from now.
   *
   * @throws {ConsulError} of kind `client` when it has ended
   */
  async renew(id: string, options: CallOptions = {}): Promise<void> {
    const path = `/v1/session/renew/${encodeURIComponent(id)}`;
    await this.#http.call({ method: "PUT", path }, options);
  }

  /** Ends a session, if it still is there; its locks then wait for the lock delay. */
  async destroy(id: string, options: CallOptions = {}): Promise<void> {
    const path = `/v1/session/destroy/${encodeURIComponent(id)}`;
    await this.#http.call({ method: "PUT", path }, options);
  }

  /** The session, or `null` when there is none of that id (any more). */
  async info(id: string, options: ReadOptions = {}): Promise<SessionInfo | null> {
    return (await this.#read(`info/${encodeURIComponent(id)}`, options))[0] ?? null;
  }

  /** The sessions of one node. */
  async listNode(node: string, options: ReadOptions = {}): Promise<SessionInfo[]> {
    return await this.#read(`node/${encodeURIComponent(node)}`, options);
  }

  /** All sessions. */
  async list(options: ReadOptions = {}): Promise<SessionInfo[]> {
    return await this.#read("list", options);
  }

  async #read(what: string, options: ReadOptions): Promise<SessionInfo[]> {
    const path = `/v1/session/${what}`;
    const query = consistencyOf(options);
    const request = { method: "GET", path, query, right: readAll("session") } as const;
    return (await this.#http.call(request, options)).json(sessionsSchema);
  }
}
